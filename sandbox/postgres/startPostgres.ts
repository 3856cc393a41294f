import { join } from 'node:path'
import { appointOwner, OWNER } from './appointOwner.ts'
import { createDatabase } from './createDatabase.ts'
import { findBinaries } from './findBinaries.ts'
import { holdFolder } from './holdFolder.ts'
import { placeFor } from './postgresHome.ts'
import { ownerPassword, prepareCluster } from './prepareCluster.ts'
import { runServer } from './runServer.ts'
import { stopLeftover } from './stopLeftover.ts'

/** What to start: where the data lives, and how the server should run. */
export type PostgresOptions = {
  /** Kept between runs; one running server at a time. */
  folder: string
  /** Taken when free, otherwise any free port is. */
  preferredPort?: number | undefined
  /** Server settings by name, as in postgresql.conf. */
  settings?: Record<string, string> | undefined
  /** Takes lines for the person who waits. */
  say: (line: string) => void
  /** Called once when the server ends though nobody stopped it; `stop` is still to be called. */
  onExit?: ((reason: Error) => void) | undefined
}

/** A PostgreSQL that answers at `url` as a role that owns its databases and is no superuser, until it is stopped or this process exits. */
export type Postgres = { url: string; pid: number; stop(): Promise<void> }

/** Starts the PostgreSQL whose data is in `folder`, made on the first run, after ending what an earlier run left behind. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { folder, settings = {}, preferredPort = 54329, say, onExit = () => {} } = options
  const release = await holdFolder(folder, say)
  try {
    const place = placeFor(folder)
    const binaries = findBinaries(place)
    await stopLeftover(place, binaries, say)
    const superuser = await prepareCluster(place, binaries, say)
    const server = await runServer({
      place,
      binaries,
      preferredPort,
      settings,
      say,
      onExit,
      log: join(place.folder, 'server.log'),
    })
    const stop = once(() => server.stop().finally(release))
    const owner = ownerPassword(place)
    const urlOf = (role: string, password: string, database: string) =>
      `postgres://${role}:${password}@127.0.0.1:${server.port}/${database}`
    const url = urlOf(OWNER, owner, 'frontgate')
    try {
      await appointOwner(urlOf('frontgate', superuser, 'postgres'), owner)
      await createDatabase(url)
    } catch (error) {
      await stop()
      throw error
    }
    return { url, pid: server.pid, stop }
  } catch (error) {
    release()
    throw error
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}
