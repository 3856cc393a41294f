import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { hasHadTrial } from '../../entitlements/trials.ts'
import type { Caller } from '../../http/actor.ts'
import type { UserRecord } from '../../identity/users.ts'
import type { Identity } from '../../oidc/rules.ts'
import { createInvitedUser, createUser, type NewUser } from '../createUser.ts'
import { handOverResets, releaseAddress } from '../releaseAddress.ts'
import { tellOfTakeOver } from './takeOver.ts'

/** Somebody new, as their provider names them. */
export function newUserOf(identity: Identity, email: string): NewUser {
  return { userId: uuidv7(), email, name: identity.name, accountName: null, passwordHash: null, identity }
}

export interface Newcomer {
  identity: Identity
  email: string
  /** Who has typed this address before and never proved it; locked. */
  squatter: UserRecord | null
  /** The link that was mailed to this address. */
  inviteToken: string | null
}

/** Makes somebody a user: with an account and a trial of their own, or in the account that invites them. */
export async function createByProvider(
  tx: Tx,
  app: App,
  caller: Caller,
  { identity, email, squatter, inviteToken }: Newcomer,
  at: Date,
): Promise<UserRecord> {
  const user = newUserOf(identity, email)
  if (squatter) await releaseAddress(tx, caller, squatter.id, at)
  if (inviteToken !== null) await createInvitedUser(tx, app, caller, { user, inviteToken }, at)
  else await createUser(tx, app, caller, { user, hadTrial: await hasHadTrial(tx, email) }, at)
  const isVerified = identity.emailVerified || inviteToken !== null
  const record = {
    ...user,
    id: user.userId,
    emailVerifiedAt: isVerified ? at : null,
    credentialsVersion: 1,
    hasSecondFactor: false,
    createdAt: at,
  }
  if (squatter) {
    await handOverResets(tx, { from: squatter.id, to: user.userId })
    await tellOfTakeOver(tx, record, identity, at)
  }
  return record
}
