import { sql } from 'kysely'
import {
  leaveNameless,
  lockClosedAccount,
  accountPurges as ofAccounts,
  userPurges as ofMembers,
} from '../accounts/deletion/purge.ts'
import { purgesWhatWentBy } from '../accounts/deletion/rules.ts'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { accountPurges as ofTrail, userPurges as ofUsersTrail } from '../audit/forgetOrigins.ts'
import { accountPurges as ofBilling } from '../billing/purge.ts'
import type { Purge } from '../db/purge.ts'
import { changed, inTx, type Tx } from '../db/transaction.ts'
import { accountPurges as ofEntitlements } from '../entitlements/purge.ts'
import { userPurges as ofFactors } from '../factors/purge.ts'
import { systemCaller } from '../http/actor.ts'
import { leaveTombstone, lockDeletedUser, userPurges as ofIdentity } from '../identity/purge.ts'
import { userPurges as ofImportedUsers, accountPurges as ofImports } from '../imports/purge.ts'
import { accountPurges as ofMails, userPurges as ofUsersMails } from '../mail/purge.ts'
import { accountPurges as ofWebhooks } from '../webhooks/purge.ts'

/** What each module does with its rows of an account; what is in none of these is kept (kept.ts says why). */
export const accountPurges: Purge[] = [
  ...ofWebhooks,
  ...ofImports,
  ...ofBilling,
  ...ofAccounts,
  ...ofEntitlements,
  ...ofMails,
  ...ofTrail,
]

/** The same for a user. */
export const userPurges: Purge[] = [
  ...ofImportedUsers,
  ...ofMembers,
  ...ofFactors,
  ...ofIdentity,
  ...ofUsersMails,
  ...ofUsersTrail,
]

/**
 * Deletes for good what is not kept of accounts and users that have been gone for DELETION_GRACE_DAYS, each in a commit of
 * its own. May run twice, in several processes, and again after it was cut off. One that fails keeps none of the others.
 */
export async function purge(app: App, at: Date): Promise<void> {
  const goneBy = purgesWhatWentBy(at, app.config)
  await purgeAll(app, { table: 'accounts', since: 'closed_at' }, goneBy, (tx, id) =>
    purgeAccount(tx, id, goneBy, at),
  )
  await purgeAll(app, { table: 'users', since: 'deleted_at' }, goneBy, (tx, id) =>
    purgeUser(tx, id, goneBy, at),
  )
}

async function purgeAccount(tx: Tx, id: string, goneBy: Date, at: Date): Promise<void> {
  if (!(await lockClosedAccount(tx, id, goneBy))) return
  changed(tx, `account:${id}`)
  for (const { run } of accountPurges) await run(tx, id, at)
  await Promise.all([
    leaveNameless(tx, id, at),
    audit(tx, systemCaller, { action: 'account.purged', accountId: id }, at),
  ])
}

async function purgeUser(tx: Tx, id: string, goneBy: Date, at: Date): Promise<void> {
  if (!(await lockDeletedUser(tx, id, goneBy))) return
  changed(tx, `user:${id}`)
  for (const { run } of userPurges) await run(tx, id, at)
  await Promise.all([
    leaveTombstone(tx, id, at),
    audit(tx, systemCaller, { action: 'user.purged', userId: id }, at),
  ])
}

const BATCH = 200

interface Due {
  id: string
  gone_at: Date
}

type Gone = { table: 'accounts'; since: 'closed_at' } | { table: 'users'; since: 'deleted_at' }

async function purgeAll(
  app: App,
  gone: Gone,
  goneBy: Date,
  purgeOne: (tx: Tx, id: string) => Promise<void>,
): Promise<void> {
  const failed: unknown[] = []
  let batch: Due[] = []
  do {
    batch = await nextDue(app, gone, goneBy, batch.at(-1))
    for (const { id } of batch) {
      await inTx(app, (tx) => purgeOne(tx, id)).catch((error: unknown) => failed.push(error))
    }
  } while (batch.length === BATCH)
  if (failed.length > 0)
    throw new AggregateError(failed, `${failed.length} of ${gone.table} could not be purged`)
}

/** Goes on behind the last one, also where that could not be purged. */
async function nextDue(
  { db }: App,
  { table, since }: Gone,
  goneBy: Date,
  last: Due | undefined,
): Promise<Due[]> {
  const [from, id] = [last?.gone_at ?? null, last?.id ?? null]
  const { rows } = await sql<Due>`
    select id, ${sql.ref(since)} as gone_at from ${sql.table(table)}
    where ${sql.ref(since)} <= ${goneBy} and purged_at is null
      and (${from}::timestamptz is null or (${sql.ref(since)}, id) > (${from}, ${id}::uuid))
    order by ${sql.ref(since)}, id limit ${BATCH}`.execute(db)
  return rows
}
