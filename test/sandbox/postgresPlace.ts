import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { test } from 'vitest'
import { removePostgres } from '../../sandbox/postgres/removePostgres.ts'
import { type Postgres, type PostgresOptions, startPostgres } from '../../sandbox/postgres/startPostgres.ts'

type Launcher = ChildProcessByStdio<null, Readable, Readable>

/** A test with a place of its own. */
export const testWithPlace = test.extend('place', async ({ task: _task }, { onCleanup }) => {
  const place = new PostgresPlace()
  onCleanup(() => place.clean())
  return place
})

/** The folder of one test's database; ends what was started in it and removes it after the test. */
export class PostgresPlace {
  readonly folder = join(mkdtempSync(join(tmpdir(), 'frontgate-postgres-')), 'postgres')
  readonly #started: Postgres[] = []
  readonly #launchers: Launcher[] = []

  async start(options: Partial<PostgresOptions> = {}): Promise<Postgres> {
    const postgres = await startPostgres({ folder: this.folder, preferredPort: 0, say: () => {}, ...options })
    this.#started.push(postgres)
    return postgres
  }

  /** Starts the server from a process of its own; rejects with what that process said when it failed. */
  async launch(): Promise<{ url: string; pid: number; launcher: Launcher }> {
    const launcher = this.spawnLauncher()
    let complaint = ''
    launcher.stderr.on('data', (data) => (complaint += data))
    for await (const line of createInterface(launcher.stdout)) {
      if (line.startsWith('{')) return { ...JSON.parse(line), launcher }
    }
    throw new Error(complaint)
  }

  /** A process that says its lines, then its url and pid as JSON; SIGTERM stops it, SIGINT makes it exit at once. */
  spawnLauncher(): Launcher {
    const source = `
      import { startPostgres } from ${JSON.stringify(import.meta.resolve('../../sandbox/postgres/startPostgres.ts'))}
      const say = (line) => console.log(line)
      const postgres = await startPostgres({ folder: process.argv[1], preferredPort: 0, say })
      process.on('SIGTERM', () => postgres.stop().then(() => process.exit()))
      process.on('SIGINT', () => process.exit())
      console.log(JSON.stringify({ url: postgres.url, pid: postgres.pid }))
      setInterval(() => {}, 1000)`
    const args = ['--input-type=module', '--eval', source, this.folder]
    const launcher = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#launchers.push(launcher)
    return launcher
  }

  async clean(): Promise<void> {
    for (const launcher of this.#launchers) {
      if (launcher.exitCode !== null || launcher.signalCode !== null) continue
      launcher.kill('SIGTERM')
      await once(launcher, 'exit')
    }
    for (const postgres of this.#started) await postgres.stop()
    await removePostgres(this.folder, () => {})
    rmSync(dirname(this.folder), { recursive: true })
  }
}
