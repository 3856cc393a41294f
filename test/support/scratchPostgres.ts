import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startPostgres } from '../../sandbox/postgres/startPostgres.ts'

/** A PostgreSQL of its own for tests and generators: fast, and not for keeping anything. */
export async function startScratchPostgres(): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder =
    process.env.FRONTGATE_SCRATCH ?? fileURLToPath(new URL('../../.frontgate/scratch', import.meta.url))
  return startPostgres({
    folder,
    preferredPort: 54_330,
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
    say: (line) => process.stderr.write(`${line}\n`),
  })
}

/** Creates an empty database, or a copy of a template, and returns its URL. */
export async function createScratchDatabase(
  serverUrl: string,
  name: string,
  template?: string,
): Promise<string> {
  await onServer(serverUrl, async (client) => {
    await client.query(`drop database if exists ${name} with (force)`)
    await client.query(`create database ${name}${template ? ` template ${template}` : ''}`)
  })
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

/** Removes a database and whoever is connected to it. */
export async function dropScratchDatabase(serverUrl: string, name: string): Promise<void> {
  await onServer(serverUrl, (client) => client.query(`drop database if exists ${name} with (force)`))
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
