import type { TestApp } from './testApp.ts'

type Tables<Of> = Record<string, Of>

/** Every row of every table, as text, by the table's name. Jobs and the counters of limits are not part of it. */
export function dump(t: Pick<TestApp, 'app'>): Promise<Tables<string[]>> {
  return ofEachTable(t, `coalesce(json_agg(t::text order by t::text), '[]')`)
}

/**
 * What differs once a row of a table was written, added or taken away, by the table's name: the same tables as of `dump`, where
 * there are too many rows to look at each of them many times.
 */
export function versions(t: Pick<TestApp, 'app'>): Promise<Tables<string>> {
  return ofEachTable(t, `concat_ws(' ', count(*), sum(hashtextextended(concat_ws(' ', t.xmin, t.ctid), 0)))`)
}

/** An aggregate over the rows `t` of each table, of all of them in one statement. */
async function ofEachTable<Of>({ app }: Pick<TestApp, 'app'>, aggregate: string): Promise<Tables<Of>> {
  const { rows: tables } = await app.pool.query<{ name: string }>(
    `select c.relname as name from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
       and c.relname not like 'kysely_%' and c.relname <> 'rate_limits'
     order by c.relname`,
  )
  const columns = tables.map(({ name }) => `(select ${aggregate} from "${name}" t) as "${name}"`)
  const { rows } = await app.pool.query<Tables<Of>>(`select ${columns.join(', ')}`)
  return rows[0] ?? {}
}

/** The tables, jobs and counters of limits included, in whose rows one of these texts stands anywhere. */
export async function tablesNaming({ app }: Pick<TestApp, 'app'>, texts: string[]): Promise<string[]> {
  const { rows: tables } = await app.pool.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('public', 'graphile_worker') and c.relkind = 'r' order by 1`,
  )
  const named: string[] = []
  for (const { name } of tables) {
    const { rows } = await app.pool.query(
      `select from ${name} t, unnest($1::text[]) text where position(lower(text) in lower(t::text)) > 0 limit 1`,
      [texts],
    )
    if (rows.length > 0) named.push(name)
  }
  return named
}

/** Every hash and sealed secret that is stored, in the ways in which one could be written into a text. */
export async function storedSecrets({ app }: Pick<TestApp, 'app'>): Promise<string[]> {
  const { rows: columns } = await app.pool.query<{ table: string; column: string; type: string }>(
    `select table_name as table, column_name as column, data_type as type from information_schema.columns
     where table_schema = 'public' and (data_type = 'bytea' or column_name ~ '(hash|_key|private|sealed)$')`,
  )
  const secrets: string[] = []
  for (const { table, column, type } of columns) {
    const { rows } = await app.pool.query<{ value: Buffer | string }>(
      `select "${column}" as value from "${table}" where "${column}" is not null`,
    )
    for (const { value } of rows) {
      if (type === 'bytea')
        secrets.push(...(['hex', 'base64', 'base64url'] as const).map((as) => (value as Buffer).toString(as)))
      else secrets.push(String(value))
    }
  }
  return secrets
}
