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
  const found = readPostmaster(place.data)
  if (!found || identifyProcess(found.pid) === undefined) return
  if (!(await isServerOf(place, found))) {
    // PostgreSQL itself would refuse to start while that number is in use.
    fs.rmSync(join(place.data, 'postmaster.pid'), { force: true })
    return
  }
  say(`Stopping the PostgreSQL that an earlier run left behind (pid ${found.pid})…`)
  await endServer(found.pid, binaries)
}

async function isServerOf(place: Place, found: Postmaster): Promise<boolean> {
  if (!fs.existsSync('/proc/self/cwd')) return answersFor(place, found)
  try {
    const isPostgres = fs.readFileSync(`/proc/${found.pid}/comm`, 'utf8').trim() === 'postgres'
    // A server changes into its data folder, so this tells it from one of another folder.
    return isPostgres && fs.readlinkSync(`/proc/${found.pid}/cwd`) === fs.realpathSync(place.data)
  } catch {
    return false
  }
}

async function answersFor({ folder, data }: Place, { pid, port }: Postmaster): Promise<boolean> {
  try {
    const password = fs.readFileSync(join(folder, 'password'), 'utf8').trim()
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'frontgate',
      password,
      database: 'postgres',
    })
    await client.connect()
    const { rows } = await client.query(
      `select current_setting('data_directory') as data, pg_read_file('postmaster.pid') as status`,
    )
    await client.end()
    return (
      fs.realpathSync(rows[0].data) === fs.realpathSync(data) && Number.parseInt(rows[0].status, 10) === pid
    )
  } catch {
    return false
  }
}
