import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createDatabase } from '../sandbox/postgres/createDatabase.ts'
import { startPostgres } from '../sandbox/postgres/startPostgres.ts'
import { writePeople } from './writePeople.ts'

// Brings a million users into an empty database, is killed on the way and runs again; prints figures and ends with pass or fail.
const users = Number(process.argv[2] ?? 1_000_000)
const PER_ACCOUNT = 5
const MOST_SECONDS = 300
const MOST_MIB = 512
const TRY_EVERY_MS = 250

const root = fileURLToPath(new URL('..', import.meta.url))
const say = (line: string) => process.stdout.write(`${line}\n`)
const failures: string[] = []
const check = (what: string, isTrue: boolean) => {
  say(`${isTrue ? '✓' : '✗'} ${what}`)
  if (!isTrue) failures.push(what)
}

const postgres = await startPostgres({
  folder: process.env.FRONTGATE_BENCH ?? join(root, '.frontgate/bench'),
  preferredPort: 54_331,
  say: (line) => process.stderr.write(`${line}\n`),
})
const file = join(tmpdir(), `frontgate-million-${process.pid}.jsonl`)
try {
  const url = await emptyDatabase(postgres.url)
  const env = {
    DATABASE_URL: url,
    PUBLIC_URL: 'https://frontgate.example',
    SECRET: 'a-secret-that-only-this-knows-0123456789',
    CATALOGUE_FILE: join(root, 'catalogue.json'),
  }
  await frontgate(['migrate'], env)
  const began = performance.now()
  await writePeople(file, { users, perAccount: PER_ACCOUNT })
  const { size } = await stat(file)
  const accounts = Math.ceil(users / PER_ACCOUNT)
  const lines = users + accounts
  say(`${lines} lines, ${(size / 2 ** 20).toFixed(0)} MiB, written in ${secondsSince(began)} s`)

  const killed = await frontgate(['import', file], env, { killAfterLines: lines * 0.4 })
  const half = await counts(url)
  say(`killed with SIGKILL after ${killed.seconds.toFixed(1)} s, with ${half.users} users there`)
  check('it was killed on the way', killed.signal === 'SIGKILL' && half.users > 0 && half.users < users)
  check('what is there is whole', isWhole(half))

  const resumed = await frontgate(['import', file], env)
  say(`run again to the end: ${sayRun(resumed, lines)}`)
  const all = await counts(url)
  check(`${users} users, ${accounts} accounts`, all.users === users && all.accounts === accounts)
  check('each is whole', isWhole(all))
  check('no line was refused', resumed.code === 0)

  const again = await frontgate(['import', file], env)
  say(`the same file once more: ${sayRun(again, lines)}`)
  check('it changes nothing and says so', again.output.includes('Nothing to change.'))

  const seconds = killed.seconds + resumed.seconds
  const inAll = `${seconds.toFixed(0)} s with the kill, ${Math.round(lines / seconds)} lines a second`
  check(`a million users in minutes: ${inAll}`, seconds < MOST_SECONDS)
  check(`memory is bounded: ${resumed.peakMiB} MiB at most`, resumed.peakMiB < MOST_MIB)
  say(`database: ${all.size}`)
} finally {
  await postgres.stop()
  await rm(file, { force: true })
  await rm(`${file}.refused.jsonl`, { force: true })
}
say(failures.length === 0 ? 'PASS' : `FAIL: ${failures.join('; ')}`)
process.exitCode = failures.length === 0 ? 0 : 1

interface Run {
  code: number | null
  signal: string | null
  output: string
  seconds: number
  peakMiB: number
}

async function frontgate(
  args: string[],
  env: NodeJS.ProcessEnv,
  { killAfterLines = Number.POSITIVE_INFINITY } = {},
): Promise<Run> {
  const began = performance.now()
  const child = spawn(process.execPath, [join(root, 'dist/main.js'), ...args], {
    env: { ...process.env, ...env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const run = { output: '', peakMiB: 0 }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (run.output += text))
  createInterface(child.stderr).on('line', (line) => {
    const read = Number(/^(\d+) lines read$/.exec(line)?.[1] ?? 0)
    if (read === 0) process.stderr.write(`${line}\n`)
    if (read >= killAfterLines) child.kill('SIGKILL')
  })
  const watch = setInterval(
    async () => (run.peakMiB = Math.max(run.peakMiB, await peakOf(child))),
    TRY_EVERY_MS,
  )
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearInterval(watch)
  return { ...run, code, signal, seconds: (performance.now() - began) / 1000 }
}

/** The most that a process has had resident, where the system tells. */
async function peakOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024)
}

function sayRun({ seconds, peakMiB }: Run, lines: number): string {
  return `${seconds.toFixed(1)} s, ${Math.round(lines / seconds)} lines a second, ${peakMiB} MiB at most`
}

interface Counts {
  users: number
  accounts: number
  members: number
  owners: number
  importedUsers: number
  importedAccounts: number
  told: number
  size: string
}

async function counts(url: string): Promise<Counts> {
  const [row] = await query(
    url,
    `select (select count(*) from users)::int as users, (select count(*) from accounts)::int as accounts,
      (select count(*) from members)::int as members,
      (select count(*) from members where role = 'owner')::int as owners,
      (select count(*) from imported where kind = 'user')::int as "importedUsers",
      (select count(*) from imported where kind = 'account')::int as "importedAccounts",
      (select count(*) from audit_log where action = 'user.imported')::int as told,
      pg_size_pretty(pg_database_size(current_database())) as size`,
  )
  return row as unknown as Counts
}

/** Whether everybody who is there has all that their line says. */
function isWhole({ users, members, importedUsers, told, accounts, importedAccounts }: Counts): boolean {
  const ofUsers = [members, importedUsers, told]
  return ofUsers.every((count) => count === users) && accounts === importedAccounts
}

async function emptyDatabase(serverUrl: string): Promise<string> {
  const beside = Object.assign(new URL(serverUrl), { pathname: '/postgres' }).href
  await query(beside, 'drop database if exists million')
  const url = Object.assign(new URL(serverUrl), { pathname: '/million' }).href
  await createDatabase(url)
  return url
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

function secondsSince(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1)
}
