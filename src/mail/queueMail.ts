import { v7 as uuidv7 } from 'uuid'
import type { Tx } from '../db/transaction.ts'
import { enqueue, job } from '../jobs/enqueue.ts'
import type { MailedToken } from '../secrets/mailedTokens.ts'
import type { TemplateFill, TemplateName } from './templates.ts'

/** The one link of a mail: a page, and the token that the page posts. */
export interface MailLink {
  path: string
  token?: MailedToken
}

export interface MailOrder<T extends TemplateName = TemplateName> {
  template: T
  to: { address: string; name: string | null }
  /** Whom an answer to it reaches; none for mails to people, which a program sends. */
  replyTo?: { address: string; name: string }
  fill: TemplateFill[T]
  link?: MailLink
  userId?: string
  accountId?: string
  /** A second order with the same key is dropped: one mail per fact. */
  onceKey?: string
}

export interface SendMailPayload extends Omit<MailOrder, 'onceKey'> {
  mailId: string
}

/** Sends one mail that is promised in mail_log. */
export const sendMailJob = job<SendMailPayload>('mail.send')

/** Promises a mail in the same commit as what it tells of; false when its `onceKey` was promised before. */
export async function queueMail<T extends TemplateName>(
  tx: Tx,
  order: MailOrder<T>,
  at: Date,
): Promise<boolean> {
  const { onceKey, ...rest } = order
  const mailId = uuidv7()
  const inserted = tx
    .insertInto('mail_log')
    .values({
      id: mailId,
      template: order.template,
      user_id: order.userId ?? null,
      account_id: order.accountId ?? null,
      once_key: onceKey ?? null,
      status: 'queued',
      created_at: at,
    })
    .onConflict((conflict) => conflict.column('once_key').doNothing())
    .executeTakeFirst()
  const payload = { ...rest, mailId } as SendMailPayload
  if (onceKey === undefined) {
    await Promise.all([inserted, enqueue(tx, sendMailJob, payload)])
    return true
  }
  const { numInsertedOrUpdatedRows } = await inserted
  if (!numInsertedOrUpdatedRows) return false
  await enqueue(tx, sendMailJob, payload)
  return true
}
