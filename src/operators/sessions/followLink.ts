import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { factorsOf, methodsOf } from '../../factors/factorsOf.ts'
import type { Caller } from '../../http/actor.ts'
import { whyVoid } from '../../identity/rules.ts'
import { problem } from '../../problems.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { type Asked, askForFactor } from './askForFactor.ts'
import { beginSession, type NewSession } from './beginSession.ts'
import { holdOwner } from './holdOwner.ts'
import { voidLinks } from './voidLinks.ts'

/** What came of a link: a session, or, where the operator has a second factor, a challenge in place of the link. */
export type Followed = { kind: 'session'; session: NewSession } | { kind: 'asked'; asked: Asked }

/**
 * Uses a mailed link, once; other links of the operator are void from then on. Of parallel calls with links of one operator
 * exactly one succeeds, the others throw why theirs is void. Whoever has to prove a second factor does so with what takes the
 * link's place, so that a link that lies in a mailbox is worth nothing afterwards, whatever came of it.
 */
export async function followLink(
  tx: Tx,
  app: Pick<App, 'config'>,
  caller: Caller,
  mailedToken: string,
  at: Date,
): Promise<Followed> {
  const tokenHash = hashToken(mailedToken)
  const operator = await holdOwner(tx, 'operator_sign_in_tokens', tokenHash)
  if (!operator) throw problem('token-unknown')
  await redeemLink(tx, tokenHash, at)
  const methods = methodsOf(await factorsOf(tx, { kind: 'operator', id: operator.id }))
  if (methods.length === 0) {
    return { kind: 'session', session: await beginSession(tx, caller, { operator, provedBy: null }, at) }
  }
  await voidLinks(tx, operator.id, at)
  return { kind: 'asked', asked: await askForFactor(tx, app, caller, { operator, methods }, at) }
}

async function redeemLink(tx: Tx, tokenHash: Buffer, at: Date): Promise<void> {
  const used = await tx
    .updateTable('operator_sign_in_tokens')
    .set({ used_at: at })
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('id')
    .executeTakeFirst()
  if (used) return
  const token = await tx
    .selectFrom('operator_sign_in_tokens')
    .select(['used_at as usedAt', 'superseded_at as supersededAt', 'expires_at as expiresAt'])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
  throw problem(token ? whyVoid(token) : 'token-unknown')
}
