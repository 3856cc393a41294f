import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { describe, expect } from 'vitest'
import { postgresHome } from '../../sandbox/postgres/postgresHome.ts'
import { superuserOf } from '../../sandbox/postgres/superuserOf.ts'
import { identifyProcess } from '../../scripts/lock.mjs'
import { PostgresPlace, testWithPlace as test } from './postgresPlace.ts'

const isRoot = process.geteuid?.() === 0

describe.concurrent('the embedded PostgreSQL', { timeout: 60_000 }, () => {
  test('data is kept between runs', async ({ place }) => {
    const lines: string[] = []
    const first = await place.start({ say: (line) => lines.push(line) })
    await query(first.url, `create table kept (word text)`)
    await query(first.url, `insert into kept values ('hello')`)
    await first.stop()
    expect(identifyProcess(first.pid)).toBeUndefined()

    const second = await place.start({ say: (line) => lines.push(line) })
    expect(await query(second.url, `select word from kept`)).toEqual([{ word: 'hello' }])
    expect(lines).toEqual(['Preparing PostgreSQL (first run)…'])
  })

  test('the server listens on loopback only, asks for the password and takes settings', async ({ place }) => {
    const postgres = await place.start({ settings: { work_mem: '7MB' } })
    const [row] = await query(
      superuserOf(postgres.url, place.folder),
      `select current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
       current_setting('fsync') as fsync, current_setting('work_mem') as work_mem, current_setting('TimeZone') as zone`,
    )
    expect(row).toEqual({ addresses: '127.0.0.1', sockets: '', fsync: 'on', work_mem: '7MB', zone: 'UTC' })
    const wrong = Object.assign(new URL(postgres.url), { password: 'wrong' }).href
    await expect(query(wrong, 'select 1')).rejects.toThrow('password authentication failed')
  })

  test('whoever is given the address owns the databases and is no superuser, also of data from before', async ({
    place,
  }) => {
    const first = await place.start()
    const [role] = await query(first.url, 'select rolsuper from pg_roles where rolname = current_user')
    expect(role).toEqual({ rolsuper: false })
    const superuser = superuserOf(first.url, place.folder)
    await query(superuser, 'alter database frontgate owner to frontgate')
    for (const statement of [
      'create schema apart',
      'create table apart.kept (id bigint generated always as identity, word text)',
      `create type mood as enum ('good')`,
      'create table kept (id bigserial, mood mood, unique (id))',
      'create sequence counted',
      'create view seen as select * from kept',
      `create function one() returns int language sql return 1`,
    ]) {
      await query(superuser, statement)
    }
    await first.stop()

    const { url } = await place.start()
    for (const statement of [
      `insert into apart.kept (word) values ('hello')`,
      'alter table kept add column more text',
      'drop view seen',
      `alter type mood add value 'bad'`,
      'alter function one() rename to two',
      'drop sequence counted',
      'drop schema apart cascade',
    ]) {
      await query(url, statement)
    }
    const owners = await query(
      url,
      `select pg_get_userbyid(datdba) as owner from pg_database where datname = 'frontgate'`,
    )
    expect(owners).toEqual([{ owner: 'frontgate_owner' }])
  })

  test('whoever is given the address cannot become the superuser with it, also of data from when they shared a password', async ({
    place,
  }) => {
    const first = await place.start()
    const { password } = new URL(superuserOf(first.url, place.folder))
    await query(superuserOf(first.url, place.folder), `alter role frontgate_owner password '${password}'`)
    await first.stop()
    fs.rmSync(join(place.folder, 'owner-password'))

    const second = await place.start()
    const asSuperuser = Object.assign(new URL(second.url), { username: 'frontgate' }).href
    await expect(query(asSuperuser, 'select 1')).rejects.toThrow('password authentication failed')
    const asBefore = Object.assign(new URL(second.url), { password }).href
    await expect(query(asBefore, 'select 1')).rejects.toThrow('password authentication failed')
    await second.stop()
    const third = await place.start()
    expect(new URL(third.url).password).toBe(new URL(second.url).password)
  })

  test('a killed server is reported and recovers at the next start', async ({ place }) => {
    const ended = Promise.withResolvers<Error>()
    const first = await place.start({ onExit: ended.resolve })
    await query(first.url, `create table kept as select 1 as one`)
    process.kill(first.pid, 'SIGKILL')
    expect((await ended.promise).message).toContain('ended unexpectedly (SIGKILL)')
    await first.stop()

    const second = await place.start()
    expect(await query(second.url, `select one from kept`)).toEqual([{ one: 1 }])
  })

  test('a server orphaned by a killed launcher is ended, and its stale lock taken over', async ({
    place,
  }) => {
    const orphan = await place.launch()
    await query(orphan.url, `create table kept as select 1 as one`)
    // The shell that would end the server has to go first.
    execFileSync('pkill', ['-KILL', '-x', 'sh', '-P', `${orphan.launcher.pid}`])
    orphan.launcher.kill('SIGKILL')
    await once(orphan.launcher, 'exit')
    expect(identifyProcess(orphan.pid)).toBeDefined()

    const lines: string[] = []
    const next = await place.start({ say: (line) => lines.push(line) })
    expect(lines).toEqual([expect.stringContaining(`(pid ${orphan.pid})`)])
    expect(identifyProcess(orphan.pid)).toBeUndefined()
    expect(await query(next.url, `select one from kept`)).toEqual([{ one: 1 }])
  })

  test('the number of a dead server that another program has now is no obstacle', async ({ place }) => {
    await (await place.start()).stop()
    const stale = `${process.pid}\n/elsewhere\n1700000000\n5432\n\n127.0.0.1\n1 1\nready   \n`
    fs.writeFileSync(join(postgresHome(place.folder), 'data', 'postmaster.pid'), stale)
    const next = await place.start()
    expect(await query(next.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('a folder in use is waited for, then refused with what to do', async ({ place }) => {
    const { launcher } = await place.launch()
    const lines: string[] = []
    await expect(place.start({ say: (line) => lines.push(line) })).rejects.toThrow(
      `Another run (pid ${launcher.pid}) is using the database in ${place.folder}. Stop it (kill ${launcher.pid}) or set FRONTGATE_DATA`,
    )
    expect(lines).toEqual([`Waiting for the previous run (pid ${launcher.pid}) to stop…`])
  })

  test('a run that stops in time is waited for', async ({ place }) => {
    const { launcher } = await place.launch()
    const next = await place.start({ say: () => launcher.kill('SIGTERM') })
    expect(await query(next.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('of several launchers racing for a stale lock one wins', async ({ place }) => {
    const killed = await place.launch()
    killed.launcher.kill('SIGKILL')
    await once(killed.launcher, 'exit')
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => place.launch()))
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refusals).toHaveLength(4)
    for (const { reason } of refusals) expect(String(reason)).toContain('is using the database in')
  })

  test('a taken port is no obstacle', async ({ place }) => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const address = blocker.address()
    const preferredPort = typeof address === 'object' ? address?.port : undefined
    try {
      const postgres = await place.start({ preferredPort })
      expect(Number(new URL(postgres.url).port)).not.toBe(preferredPort)
      expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
    } finally {
      blocker.close()
    }
  })

  test('servers that start at once and want one port all start', async ({ place }) => {
    const places = [place, new PostgresPlace(), new PostgresPlace()]
    try {
      const servers = await Promise.all(places.map((each) => each.start({ preferredPort: 54_399 })))
      expect(new Set(servers.map(({ url }) => new URL(url).port)).size).toBe(3)
    } finally {
      for (const each of places.slice(1)) await each.clean()
    }
  })

  test('data that was being prepared when its launcher was killed is not taken for whole', async ({
    place,
  }) => {
    const launcher = place.spawnLauncher()
    await once(createInterface(launcher.stdout), 'line')
    launcher.kill('SIGKILL')
    await once(launcher, 'exit')
    const home = postgresHome(place.folder)
    fs.mkdirSync(join(home, 'data.new-0', 'base'), { recursive: true })

    const next = await place.start()
    expect(await query(next.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(fs.readdirSync(home)).not.toContain('data.new-0')
  })

  test('a start that fails says why and names the log', async ({ place }) => {
    const failed = place.start({ settings: { work_mem: 'a lot' } })
    await expect(failed).rejects.toThrow(
      /did not start \(exit code 1\).*server\.log[\s\S]*invalid value.*"work_mem"/,
    )
    const next = await place.start()
    expect(await query(next.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test.for(['SIGINT', 'SIGKILL'] as const)(
    'the server ends with its launcher (%s)',
    async (signal, { place, expect }) => {
      const { launcher, pid } = await place.launch()
      launcher.kill(signal)
      await once(launcher, 'exit')
      await expect.poll(() => identifyProcess(pid), { timeout: 10_000 }).toBeUndefined()
    },
  )

  test.runIf(isRoot)('root may keep the folder where only root can enter', async ({ place }) => {
    fs.chmodSync(dirname(place.folder), 0o700)
    const postgres = await place.start()
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(fs.statSync(join(postgresHome(place.folder), 'data')).uid).not.toBe(0)
  })

  test.runIf(isRoot)(
    'for root too, a folder that was removed and made again starts empty',
    async ({ place }) => {
      const first = await place.start()
      await query(first.url, `create table kept as select 1 as one`)
      await first.stop()
      fs.rmSync(place.folder, { recursive: true })
      const second = await place.start()
      await expect(query(second.url, `select one from kept`)).rejects.toThrow('does not exist')
    },
  )
})

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
