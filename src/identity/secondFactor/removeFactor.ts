import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { factorsOf, methodsOf } from '../../factors/factorsOf.ts'
import { removePasskey } from '../../factors/passkeys/removePasskey.ts'
import { removeTotp } from '../../factors/totp/removeTotp.ts'
import type { Caller, UserActor } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { afterRemoving } from './afterChange.ts'
import { lockForFactors } from './lockForFactors.ts'

/** Which factor is taken away. */
export type Unwanted = { kind: 'totp' } | { kind: 'passkey'; id: string }

/** Takes a factor of the caller away, unless it is the last one and an account of theirs asks for one. */
export async function removeFactor(
  tx: Tx,
  app: App,
  caller: Caller<UserActor>,
  unwanted: Unwanted,
  at: Date,
): Promise<void> {
  const { user, holder } = await lockForFactors(tx, app, caller, at)
  const removed =
    unwanted.kind === 'totp' ? await removeTotp(tx, holder) : await removePasskey(tx, holder, unwanted.id)
  if (!removed) throw problem(unwanted.kind === 'totp' ? 'no-second-factor' : 'not-found')
  const isLast = methodsOf(await factorsOf(tx, holder)).length === 0
  await afterRemoving(tx, caller, { user, holder, isLast }, unwanted.kind, at)
}
