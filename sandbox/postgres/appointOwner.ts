import pg from 'pg'

/** Whom the databases belong to. Rights bind it, which a superuser passes by. */
export const OWNER = 'frontgate_owner'

/** Makes the role with this password; what a superuser owns from before there was one is given to it. */
export async function appointOwner(superuserUrl: string, password: string): Promise<void> {
  await withClient(superuserUrl, async (client) => {
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [OWNER])
    if (!rowCount) await client.query(`create role ${OWNER} login createdb`)
    await client.query(`alter role ${OWNER} password ${pg.escapeLiteral(password)}`)
    const { rows } = await client.query<{ name: string }>(
      `select datname as name from pg_database
       where datdba = current_user::regrole and not datistemplate and datname <> 'postgres'`,
    )
    for (const { name } of rows) {
      const url = Object.assign(new URL(superuserUrl), { pathname: `/${name}` }).href
      await withClient(url, (inside) => inside.query(handOver))
      // Last: as long as it has not changed hands, all of this is done again.
      await client.query(`alter database ${pg.escapeIdentifier(name)} owner to ${OWNER}`)
    }
  })
}

/** What belongs to something else, such as the sequence of a column, goes with it. */
const handOver = `do $$ declare command text; begin
  for command in
    select format('alter schema %I owner to ${OWNER}', nspname) from pg_namespace
      where nspowner = current_user::regrole and nspname !~ '^(pg_|information_schema$)' and nspname <> 'public'
    union all
    select format('alter table %s owner to ${OWNER}', c.oid::regclass) from pg_class c
      where relowner = current_user::regrole and relkind in ('r', 'p', 'v', 'm', 'S')
        and relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
          and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass)
    union all
    select format('alter routine %s owner to ${OWNER}', oid::regprocedure) from pg_proc
      where proowner = current_user::regrole and pronamespace::regnamespace::text !~ '^(pg_|information_schema$)'
    union all
    select format('alter type %s owner to ${OWNER}', t.oid::regtype) from pg_type t
      where typowner = current_user::regrole and typnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
        and typcategory <> 'A' and (typrelid = 0 or exists (
          select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
  loop execute command; end loop;
end $$`

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
