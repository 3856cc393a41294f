import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx } from '../db/transaction.ts'
import { hasHadTrial } from '../entitlements/trials.ts'
import type { Caller } from '../http/actor.ts'
import { notifyUser } from '../identity/notifyUser.ts'
import { isIdentityTaken, ownerOf } from '../identity/oauth/identities.ts'
import { findUserByEmail, isAddressTaken, type UserRecord } from '../identity/users.ts'
import { job } from '../jobs/enqueue.ts'
import { createUser, type NewUser } from './createUser.ts'

export interface MailedRegistration {
  user: NewUser
  caller: Caller
  requestedAt: string
}

/** Registers somebody whose session begins from the mailed link. */
export const registerByMailJob = job<MailedRegistration>('accounts.register-by-mail')

/**
 * Mails a link that begins a session to somebody new, and a note to somebody who is registered already. A
 * second run finds the user that the first one made and does nothing.
 */
export async function registerByMail(
  app: App,
  { user, caller, requestedAt }: MailedRegistration,
): Promise<void> {
  const at = new Date(requestedAt)
  const [known, hadTrial] = await Promise.all([
    findUserByEmail(app.db, user.email),
    hasHadTrial(app.db, user.email),
  ])
  // The same person once more, who has the link already.
  if (known && user.identity && (await ownerOf(app.db, user.identity))?.userId === known.id) return
  if (known) return tellOwner(app, caller, { known, newcomer: user }, at)
  try {
    await inTx(app, (tx) => createUser(tx, app, caller, { user, hadTrial }, at))
  } catch (error) {
    // Their identity has made a user meanwhile, under another address.
    if (isIdentityTaken(error)) return
    const winner = isAddressTaken(error) ? await findUserByEmail(app.db, user.email) : null
    if (!winner) throw error
    await tellOwner(app, caller, { known: winner, newcomer: user }, at)
  }
}

async function tellOwner(
  app: App,
  caller: Caller,
  { known, newcomer }: { known: UserRecord; newcomer: NewUser },
  at: Date,
): Promise<void> {
  if (known.id === newcomer.userId) return
  await inTx(app, (tx) =>
    Promise.all([
      audit(tx, caller, { action: 'user.registered-again', userId: known.id }, at),
      notifyUser(tx, known, { template: 'already-registered', fill: {}, path: '/sign-in' }, at),
    ]),
  )
}
