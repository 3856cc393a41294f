import { sql } from 'kysely'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { describeDevice } from './describeDevice.ts'
import { notifyUser } from './notifyUser.ts'
import type { UserRecord } from './users.ts'

/** Whether this user has had a session from the same network address with the same browser. */
export async function signedInFromHere(tx: Tx, { ip, userAgent }: Caller, userId: string): Promise<boolean> {
  const { rows } = await sql<{ seen: boolean }>`
    select exists (
      select from sessions where user_id = ${userId}
        and ip is not distinct from ${ip}::inet and user_agent is not distinct from ${userAgent}
    ) as seen`.execute(tx)
  return rows[0]?.seen ?? false
}

/** Tells a user that somebody has signed in as them from where they were never seen. */
export async function noticeNewDevice(tx: Tx, caller: Caller, user: UserRecord, at: Date): Promise<void> {
  const fill = { device: describeDevice(caller.userAgent), when: at.toUTCString() }
  // Whoever has no password has no use for another one: sessions end in the account.
  const path = user.passwordHash === null ? '/account' : '/forgot-password'
  await notifyUser(tx, user, { template: 'new-sign-in', fill, path }, at)
}
