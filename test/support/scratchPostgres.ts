import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startPostgres } from '../../sandbox/postgres/startPostgres.ts'
import { superuserOf } from '../../sandbox/postgres/superuserOf.ts'

interface ScratchPostgres {
  url: string
  superuserUrl: string
  stop: () => Promise<void>
}

/** A PostgreSQL of its own for tests and generators: fast, and not for keeping anything. */
export async function startScratchPostgres(): Promise<ScratchPostgres> {
  const folder =
    process.env.FRONTGATE_SCRATCH ?? fileURLToPath(new URL('../../.frontgate/scratch', import.meta.url))
  const postgres = await startPostgres({
    folder,
    preferredPort: 54_330,
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
    say: (line) => process.stderr.write(`${line}\n`),
  })
  return { ...postgres, superuserUrl: superuserOf(postgres.url, folder) }
}

/** Creates an empty database, or a copy of a template, and returns its URL. */
export async function createScratchDatabase(
  serverUrl: string,
  name: string,
  template?: string,
): Promise<string> {
  await onServer(serverUrl, async (client) => {
    await drop(client, name)
    await client.query(`create database ${name}${template ? ` template ${template}` : ''}`)
  })
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

/** Removes a database and whoever is connected to it. */
export async function dropScratchDatabase(serverUrl: string, name: string): Promise<void> {
  await onServer(serverUrl, (client) => drop(client, name))
}

/** Without `with (force)`, which is refused to an ordinary role while autovacuum is there: a plain one ends that. */
async function drop(client: pg.Client, name: string): Promise<void> {
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = current_user',
    [name],
  )
  await client.query(`drop database if exists ${name}`)
}

async function onServer(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
