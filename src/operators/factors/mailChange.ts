import type { Tx } from '../../db/transaction.ts'
import { queueMail } from '../../mail/queueMail.ts'
import type { TemplateFill } from '../../mail/templates.ts'

/** Tells an operator that what they prove who they are with has changed: they know whether it was them. */
export async function mailChange(
  tx: Tx,
  { email, change }: { email: string } & TemplateFill['operator-factors-changed'],
  at: Date,
): Promise<void> {
  const to = { address: email, name: null }
  await queueMail(
    tx,
    { template: 'operator-factors-changed', to, fill: { change }, link: { path: '/operator' } },
    at,
  )
}
