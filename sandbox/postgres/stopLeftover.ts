import * as fs from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { identifyProcess } from '../../scripts/lock.mjs'
import { endServer } from './endServer.ts'
import type { Binaries } from './findBinaries.ts'
import type { Place } from './postgresHome.ts'
import { type Postmaster, readPostmaster } from './readPostmaster.ts'

/** Ends a server that outlived the process that started it, and forgets one whose number another program now has. */
export async function stopLeftover(
  place: Place,
  binaries: Binaries,
  say: (line: string) => void,
): Promise<void> {
  const postmaster = readPostmaster(place.data)
  const leftover = fs.existsSync('/proc/self/cwd')
    ? findProcesses(place.data, postmaster)
    : await askPort(place, postmaster)
  if (leftover[0]) say(`Stopping the PostgreSQL that an earlier run left behind (pid ${leftover[0]})…`)
  for (const pid of leftover) await endServer(pid, binaries)
  if (postmaster && identifyProcess(postmaster.pid) !== undefined) {
    // Another program has the number now, and PostgreSQL would refuse to start for it.
    fs.rmSync(join(place.data, 'postmaster.pid'), { force: true })
  }
}

/** The processes of the server of this data, its first one first; without that one, a busy query keeps the others alive. */
function findProcesses(data: string, postmaster: Postmaster | null): number[] {
  if (!fs.existsSync(data)) return []
  const folder = fs.realpathSync(data)
  const isFirst = (pid: number) => Number(pid === postmaster?.pid)
  const pids = fs.readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => isPostgresIn(folder, pid)).sort((a, b) => isFirst(b) - isFirst(a))
}

/** Whether the process is PostgreSQL working in `folder`: a server changes into its data folder. */
function isPostgresIn(folder: string, pid: number): boolean {
  try {
    const isPostgres = fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres'
    return isPostgres && fs.readlinkSync(`/proc/${pid}/cwd`) === folder
  } catch {
    // It has ended, or is another user's.
    return false
  }
}

/** The same where processes cannot be looked into: the server that lets us in and says that it is the one. */
async function askPort({ folder, data }: Place, postmaster: Postmaster | null): Promise<number[]> {
  if (!postmaster || identifyProcess(postmaster.pid) === undefined) return []
  try {
    const password = fs.readFileSync(join(folder, 'password'), 'utf8').trim()
    const address = { host: '127.0.0.1', port: postmaster.port, connectionTimeoutMillis: 5000 }
    const client = new pg.Client({ ...address, user: 'frontgate', password, database: 'postgres' })
    await client.connect()
    const { rows } = await client.query(
      `select current_setting('data_directory') as data, pg_read_file('postmaster.pid') as status`,
    )
    await client.end()
    const isSame = fs.realpathSync(rows[0].data) === fs.realpathSync(data)
    return isSame && Number.parseInt(rows[0].status, 10) === postmaster.pid ? [postmaster.pid] : []
  } catch {
    return []
  }
}
