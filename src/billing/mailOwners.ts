import { ownersOf } from '../accounts/owners.ts'
import type { Tx } from '../db/transaction.ts'
import { type MailOrder, queueMail } from '../mail/queueMail.ts'
import type { TemplateName } from '../mail/templates.ts'

/** What owners are told of, once per fact. */
export interface News<T extends TemplateName> extends Pick<MailOrder<T>, 'template' | 'fill'> {
  /** What happened: the same fact is mailed once, however often it is found. */
  fact: string
}

/** Promises a mail about money to every owner of an account. */
export async function mailOwners<T extends TemplateName>(
  tx: Tx,
  accountId: string,
  { template, fill, fact }: News<T>,
  at: Date,
): Promise<void> {
  for (const { id, email, name } of await ownersOf(tx, accountId)) {
    const to = { address: email, name }
    const onceKey = `${template} ${fact} ${id}`
    await queueMail(
      tx,
      { template, fill, to, link: { path: '/billing' }, userId: id, accountId, onceKey },
      at,
    )
  }
}
