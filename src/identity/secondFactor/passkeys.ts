import type { App } from '../../app.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import { addPasskey } from '../../factors/passkeys/addPasskey.ts'
import { offerPasskey } from '../../factors/passkeys/offerPasskey.ts'
import type { Caller, UserActor } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import type { UserRecord } from '../users.ts'
import { afterAdding } from './afterChange.ts'
import { lockForFactors } from './lockForFactors.ts'

type NewPasskey = Parameters<typeof addPasskey>[3]

/** What a browser makes a passkey of the caller from. */
export async function offerUserPasskey(
  tx: Tx,
  app: App,
  caller: Caller<UserActor>,
  at: Date,
): ReturnType<typeof offerPasskey> {
  const { user, holder } = await lockForFactors(tx, app, caller, at)
  const { email, name } = user
  return offerPasskey(tx, app, holder, { label: email, displayName: name ?? email }, at)
}

/** Adds the passkey that the caller's browser made. Returns its id, and recovery codes with somebody's first factor. */
export async function addUserPasskey(
  app: App,
  caller: Caller<UserActor>,
  passkey: NewPasskey,
  at: Date,
): Promise<{ id: string; user: UserRecord; codes: string[] | null }> {
  const added = await inTx(app, async (tx) => {
    const held = await lockForFactors(tx, app, caller, at)
    const made = await addPasskey(tx, app, held.holder, passkey, at)
    return made && { ...made, user: held.user, codes: await afterAdding(tx, caller, held, 'passkey', at) }
  })
  // Thrown when the challenge that was answered is spent for good.
  if (!added) throw problem('wrong-second-factor')
  return added
}
