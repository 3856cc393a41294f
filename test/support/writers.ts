import type { TestApp } from './testApp.ts'

/** What guards decide by, and whom a change of it is of: any one of the subjects will do. */
const watched = [
  ['users', 'update', "array['user:' || new.id]", 'whatIs(new) is distinct from whatIs(old)'],
  ['sessions', 'update', "array['session:' || new.id, 'user:' || new.user_id]", sessionsDiffer()],
  ['sessions', 'delete', "array['session:' || old.id, 'user:' || old.user_id]"],
  ['members', 'insert', "array['user:' || new.user_id]"],
  ['members', 'update', "array['user:' || new.user_id]"],
  // Of an account that is gone nobody looks for members.
  ['members', 'delete', "array['user:' || old.user_id, 'account:' || old.account_id]"],
  ['accounts', 'update', "array['account:' || new.id]"],
  ...['grants', 'account_features', 'account_limits', 'subscriptions'].flatMap((table) => [
    [table, 'insert', "array['account:' || new.account_id]"],
    [table, 'update', "array['account:' || new.account_id]"],
    [table, 'delete', "array['account:' || old.account_id]"],
  ]),
  ['catalogue_versions', 'insert', "array['catalogue']"],
  [
    'product_keys',
    'update',
    "array['product-key:' || new.id]",
    'new.revoked_at is distinct from old.revoked_at',
  ],
] as [table: string, act: string, subjects: string, when?: string][]

function sessionsDiffer(): string {
  return '(new.revoked_at, new.account_id) is distinct from (old.revoked_at, old.account_id)'
}

/** Has the database of a test note whatever is written that guards decide by, and in which transaction. */
export async function watchWriters({ app }: TestApp): Promise<void> {
  await app.pool.query(`
    create table written (xid xid8 default pg_current_xact_id(), place text, subjects text[]);
    create function whatIs(users) returns text language sql immutable as
      $$ select row($1.email, $1.name, $1.email_verified_at, $1.deleted_at, $1.password_hash is null)::text $$`)
  for (const [i, [table, act, subjects, when]] of watched.entries()) {
    await app.pool.query(`
      create function note_write_${i}() returns trigger language plpgsql as $$ begin
        insert into written (place, subjects) values ('${act} ${table}', ${subjects});
        return null;
      end $$;
      create trigger note_write_${i} after ${act} on ${table} for each row
        ${when ? `when (${when})` : ''} execute function note_write_${i}()`)
  }
}

/** What was written so far in transactions that have said nothing of it. */
export async function unsaidWrites({ app }: TestApp): Promise<string[]> {
  const { rows } = await app.pool.query<{ what: string }>(`
    select distinct w.place || ' of ' || w.subjects[1] as what from written w
    where not exists (select from changes c where c.xid = w.xid and c.subjects && w.subjects)`)
  return rows.map(({ what }) => what)
}

/** Runs something, and returns what the transactions of it say has changed. */
export async function changedBy({ app }: TestApp, act: () => Promise<unknown>): Promise<string[]> {
  const { rows: before } = await app.pool.query('select pg_current_snapshot()::text as snapshot')
  await act()
  const { rows } = await app.pool.query<{ subject: string }>(
    `select distinct unnest(subjects) as subject from changes
     where not pg_visible_in_snapshot(xid, $1::pg_snapshot)`,
    [before[0].snapshot],
  )
  return rows.map(({ subject }) => subject)
}
