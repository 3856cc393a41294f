import pg from 'pg'

const NO_SUCH_DATABASE = '3D000'

/** Makes the database that `url` names, unless it is there. */
export async function createDatabase(url: string): Promise<void> {
  try {
    await withClient(url, async () => {})
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== NO_SUCH_DATABASE) throw error
    const database = new URL(url).pathname.slice(1)
    const beside = Object.assign(new URL(url), { pathname: '/postgres' }).href
    await withClient(beside, (client) => client.query(`create database ${pg.escapeIdentifier(database)}`))
  }
}

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
