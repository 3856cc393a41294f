import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createDatabase } from '../sandbox/postgres/createDatabase.ts'
import { startPostgres } from '../sandbox/postgres/startPostgres.ts'
import { superuserOf } from '../sandbox/postgres/superuserOf.ts'

/** The folder of everything that is kept between runs: databases and what was installed to compare with. */
export const benchFolder =
  process.env.FRONTGATE_BENCH ?? fileURLToPath(new URL('../.frontgate/bench', import.meta.url))

/** A PostgreSQL as it comes but for a usual share of memory, with as many databases as are asked for. */
export interface Cluster {
  version: string
  /** An empty database; what was in one of this name is gone. */
  fresh: (name: string) => Promise<string>
  /** The database of this name where it was left with this mark; otherwise an empty one, to be marked once it is filled. */
  kept: (name: string, mark: string) => Promise<Kept>
}

/** A database that may be there from an earlier run. */
export interface Kept {
  url: string
  /** The same as the superuser, who alone may fill it without what is checked row by row. */
  superuserUrl: string
  isKept: boolean
  keep: () => Promise<void>
}

/** Starts it; it is stopped with `started`. */
export async function openCluster(started: AsyncDisposableStack): Promise<Cluster> {
  const postgres = await startPostgres({
    folder: benchFolder,
    preferredPort: 54_331,
    settings: { max_connections: '200', shared_buffers: '1GB' },
    say: (line) => process.stderr.write(`${line}\n`),
  })
  started.defer(() => postgres.stop())
  const urlOf = (name: string) => Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href
  const beside = urlOf('postgres')
  async function fresh(name: string): Promise<string> {
    await query(beside, `drop database if exists ${name}`)
    await createDatabase(urlOf(name))
    return urlOf(name)
  }
  const [row] = await query(beside, 'show server_version')
  return {
    version: String(row?.server_version),
    fresh,
    async kept(name, mark) {
      const [known] = await query(
        beside,
        `select shobj_description(oid, 'pg_database') as mark from pg_database where datname = $1`,
        [name],
      )
      const isKept = known?.mark === mark
      const url = isKept ? urlOf(name) : await fresh(name)
      return {
        url,
        superuserUrl: superuserOf(url, benchFolder),
        isKept,
        async keep() {
          await query(beside, `comment on database ${name} is '${mark}'`)
        },
      }
    },
  }
}

/** Runs one statement on a connection of its own. */
export async function query(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    await client.end()
  }
}
