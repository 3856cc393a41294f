import { sql } from 'kysely'
import type { App } from '../app.ts'
import type { Catalogues } from '../catalogue/catalogue.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import type { Role } from '../http/actor.ts'
import type { Entitlements, News } from './events.ts'
import { holdReceivers, postMessages } from './postMessage.ts'
import { type AccountNow, readAccount, warmCatalogue } from './readAccount.ts'
import { newsOf, type Telling } from './rules.ts'

/**
 * Compares an account with what endpoints were last told of it, and tells them what is new, in one commit: so it may be
 * called for any reason, any number of times and by several workers at once. Does nothing while there are no endpoints.
 */
export async function tellAccount(app: App, { account }: { account: string }): Promise<void> {
  const catalogues = await warmCatalogue(app)
  const at = app.now()
  await inTx(app, (tx) => tell(tx, catalogues, account, at))
}

async function tell(tx: Tx, catalogues: Catalogues, accountId: string, at: Date): Promise<void> {
  const told = await lockTold(tx, accountId)
  if (!told) return
  const now = await readAccount(tx, catalogues, accountId, at)
  // Whoever purges an account tells that it is gone.
  if (!now) return void (await forgetTold(tx, accountId))
  const news = newsOf(told.telling, now.known)
  if (news.length === 0 && told.nextChangeAt?.getTime() === now.nextChangeAt?.getTime()) return
  if (news.length > 0)
    await postMessages(tx, await holdReceivers(tx), draftsOf(accountId, told.version, news), at)
  await noteTold(tx, accountId, told.version + news.length, now)
}

/** News as messages, numbered on from the version that was told last. */
export function draftsOf(accountId: string, version: number, news: News[]) {
  return news.map(({ type, data }, i) => ({
    type,
    accountId,
    data: { account_id: accountId, version: version + i + 1, ...data },
  }))
}

interface Told {
  version: number
  /** Null while nothing was told. */
  telling: Telling | null
  nextChangeAt: Date | null
}

/**
 * What was told of an account, locked until the transaction ends; null where there is nobody to tell, or nothing, or where
 * its stock is still to be taken.
 */
async function lockTold(tx: Tx, accountId: string): Promise<Told | null> {
  // Two workers may come here at once with an account that is new: the second waits for the first.
  const { rows: added } = await sql`
    insert into webhook_told (account_id)
    select a.id from accounts a, webhook_watch w
    where a.id = ${accountId} and a.purged_at is null and w.xid is not null
    on conflict do nothing returning account_id`.execute(tx)
  const row = await tx
    .selectFrom('webhook_told')
    .select(['name', 'closed_at', 'members', 'entitlements', 'next_change_at', lastVersion.as('version')])
    .where('account_id', '=', accountId)
    .forUpdate()
    .executeTakeFirst()
  if (!row || (row.name === null && added.length === 0)) return null
  const telling = row.name === null ? null : { name: row.name, closedAt: row.closed_at, ...fromJson(row) }
  return { version: row.version, telling, nextChangeAt: row.next_change_at }
}

/** Null only together with the name. */
function fromJson({ members, entitlements }: { members: unknown; entitlements: unknown }) {
  return { members: members as Record<string, Role>, entitlements: entitlements as Entitlements }
}

/** Notes what was told of an account, and under which version. */
export async function noteTold(tx: Tx, accountId: string, version: number, now: AccountNow): Promise<void> {
  await tx
    .updateTable('webhook_told')
    .set({ version, ...columnsOf(now) })
    .where('account_id', '=', accountId)
    .execute()
}

function columnsOf({ known, nextChangeAt }: AccountNow) {
  return {
    name: known.name,
    closed_at: known.closedAt,
    members: JSON.stringify(known.members),
    entitlements: JSON.stringify(known.entitlements),
    next_change_at: nextChangeAt,
  }
}

/**
 * The number behind which messages go on: no less than the milliseconds of the clock, so that it grows too where rows were
 * deleted with the last endpoint, or are older than what was sent, as in a restored database.
 */
export const lastVersion = sql<number>`greatest(version, floor(extract(epoch from clock_timestamp()) * 1000))::float8`

/** Forgets what was told of an account; the version of the latest message, or null when nothing was. */
export async function forgetTold(tx: Tx, accountId: string): Promise<number | null> {
  const row = await tx
    .deleteFrom('webhook_told')
    .where('account_id', '=', accountId)
    .returning(lastVersion.as('version'))
    .executeTakeFirst()
  return row?.version ?? null
}
