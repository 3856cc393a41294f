import { sql } from 'kysely'
import type { Tx } from './transaction.ts'

/**
 * Gives a role what the service and its jobs need in a database that another one owns, and takes from it what they do not: it
 * changes no table's shape, and of the trail nothing but from where somebody came who is deleted for good. Run again after each
 * migration, which may have added tables.
 */
export async function grantRights(tx: Tx, role: string): Promise<void> {
  const to = sql.id(role)
  const schemas = sql`public, graphile_worker`
  for (const statement of [
    sql`grant usage on schema ${schemas} to ${to}`,
    sql`grant select, insert, update, delete on all tables in schema ${schemas} to ${to}`,
    sql`grant usage, select, update on all sequences in schema ${schemas} to ${to}`,
    sql`grant execute on all functions in schema graphile_worker to ${to}`,
    sql`revoke update, delete, truncate on audit_log from ${to}`,
    sql`grant update (ip, user_agent) on audit_log to ${to}`,
    sql`revoke insert, update, delete, truncate on kysely_migration, kysely_migration_lock from ${to}`,
  ]) {
    await statement.execute(tx)
  }
  await letPass(tx, role)
}

/** The library's tables show their rows to nobody but their owner, unless a policy says otherwise. */
async function letPass(tx: Tx, role: string): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = 'graphile_worker'::regnamespace and relkind in ('r', 'p') and relrowsecurity`.execute(
    tx,
  )
  const policy = sql.id(`frontgate_${role}`)
  for (const { name } of rows) {
    const table = sql.id('graphile_worker', name)
    await sql`drop policy if exists ${policy} on ${table}`.execute(tx)
    await sql`create policy ${policy} on ${table} to ${sql.id(role)} using (true) with check (true)`.execute(
      tx,
    )
  }
}
