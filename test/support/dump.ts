import type { TestApp } from './testApp.ts'

/** Every row of every table, as text, by the table's name. Jobs and the counters of limits are not part of it. */
export async function dump({ app }: Pick<TestApp, 'app'>): Promise<Record<string, string[]>> {
  const { rows: tables } = await app.pool.query<{ name: string }>(
    `select c.relname as name from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
       and c.relname not like 'kysely_%' and c.relname <> 'rate_limits'
     order by c.relname`,
  )
  const entries: [string, string[]][] = []
  for (const { name } of tables) {
    const { rows } = await app.pool.query<{ row: string }>(
      `select t::text as row from "${name}" t order by 1`,
    )
    entries.push([name, rows.map(({ row }) => row)])
  }
  return Object.fromEntries(entries)
}
