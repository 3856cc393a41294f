import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import { queueMail } from '../../mail/queueMail.ts'
import { mintToken } from '../../secrets/mailedTokens.ts'
import { findOperator } from '../findOperator.ts'
import type { LinkRequest } from './askForLink.ts'

const MINUTE = 60_000
const LINK_MINUTES = 15

/**
 * Mails the link that was asked for, if an operator has the address; a second run mails nothing. Links that are out stay good:
 * anybody can ask for one.
 */
export async function sendSignInLink(app: App, request: LinkRequest): Promise<void> {
  const { id, email, caller, requestedAt } = request
  await inTx(app, async (tx) => {
    const [operator, earlierRun] = await Promise.all([
      findOperator(tx, email, { isHeld: true }),
      tx.selectFrom('operator_sign_in_tokens').select('id').where('id', '=', id).executeTakeFirst(),
    ])
    if (earlierRun) return
    const details = { operator: operator?.id ?? null }
    await Promise.all([
      operator ? mailLink(tx, app, { id, email, operatorId: operator.id }, app.now()) : undefined,
      audit(tx, caller, { action: 'operator.link-requested', details }, new Date(requestedAt)),
    ])
  })
}

async function mailLink(
  tx: Tx,
  { config }: Pick<App, 'config'>,
  { id, email, operatorId }: { id: string; email: string; operatorId: string },
  at: Date,
): Promise<void> {
  const token = mintToken(config.secrets, 'operator-sign-in', id)
  await Promise.all([
    tx
      .insertInto('operator_sign_in_tokens')
      .values({
        id,
        operator_id: operatorId,
        token_hash: Buffer.from(token.hash, 'base64url'),
        created_at: at,
        expires_at: new Date(at.getTime() + LINK_MINUTES * MINUTE),
      })
      .execute(),
    queueMail(
      tx,
      {
        template: 'operator-sign-in',
        to: { address: email, name: null },
        fill: { minutes: LINK_MINUTES },
        link: { path: '/operator/sign-in', token },
      },
      at,
    ),
  ])
}
