import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { IMPORTS_LOCK } from '../src/imports/importBatch.ts'
import { importFile, type Tally } from '../src/imports/importFile.ts'
import { RefusedLines } from '../src/imports/refusedLines.ts'
import type { Refusal } from '../src/imports/rules.ts'
import { type Ended, frontgate, SECRET } from './support/commandLine.ts'
import { newAddress, operatorToken, PASSWORD, register, signIn } from './support/people.ts'
import { startReplica } from './support/replica.ts'
import { startTestApp, type TestApp } from './support/testApp.ts'

let t: TestApp
let folder: string
beforeEach(async () => {
  t = await startTestApp({}, { work: false })
  onTestFinished(t.close)
  folder = await mkdtemp(join(tmpdir(), 'frontgate-import-'))
  onTestFinished(() => rm(folder, { recursive: true }))
})

/** Whose password `abc` is, by jBCrypt. */
const ABC = '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'
/** Whose password `password` is, by passlib. */
const OTHER = '$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M'

async function fileOf(lines: (object | string)[]): Promise<string> {
  const file = join(folder, 'users.jsonl')
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  await writeFile(file, `${text}\n`)
  return file
}

/** Runs the command as an operator would. */
async function run(lines: (object | string)[], ...args: string[]): Promise<Ended & { refused: object[] }> {
  const file = await fileOf(lines)
  const env = { DATABASE_URL: t.databaseUrl, PUBLIC_URL: 'https://gate.example', SECRET }
  const ended = await frontgate(['import', file, ...args], env)
  const report = args.includes('--report') ? (args.at(-1) ?? '') : `${file}.refused.jsonl`
  const text = existsSync(report) ? await readFile(report, 'utf8') : ''
  return {
    ...ended,
    refused: text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  }
}

/** The same without a process of its own. */
async function follow(lines: (object | string)[]) {
  const refused: Refusal[] = []
  const tally = await importFile(t.app, await fileOf(lines), { onRefused: (some) => refused.push(...some) })
  return { tally, refused, reasons: refused.map(({ reason }) => reason) }
}

const account = (id: string, more = {}) => ({ type: 'account', id, name: `Account ${id}`, ...more })
const user = (id: string, more = {}) => ({
  type: 'user',
  id,
  email: `${id}@company.example`,
  email_verified: true,
  ...more,
})
const owns = (id: string, more = {}) => ({ members: [{ account: id, role: 'owner', ...more }] })

async function everything(): Promise<unknown> {
  const { rows } = await t.app.pool.query(`
    select (select count(*) from users) as users, (select count(*) from accounts) as accounts,
      (select count(*) from members) as members, (select count(*) from imported) as imported,
      (select count(*) from audit_log where action like '%.imported') as told, (select count(*) from mail_log) as mails,
      (select json_agg(u order by u.id) from users u) as all_users,
      (select json_agg(a order by a.id) from accounts a) as all_accounts`)
  return rows[0]
}

describe('frontgate import', () => {
  test('brings people with their accounts and passwords; they sign in, are members, and nobody is mailed', async () => {
    const ended = await run([
      account('acc_1', { created_at: '2021-02-03T04:05:06Z' }),
      user('ada', { name: 'Ada', email: ' Ada@Company.example', password_hash: ABC, ...owns('acc_1') }),
      user('bob', { email_verified: false }),
      { type: 'member', user: 'bob', account: 'acc_1', role: 'viewer', joined_at: '2022-01-01T00:00:00Z' },
    ])
    expect(ended).toEqual({
      code: 0,
      stdout: [
        'Accounts: 1 imported, 0 updated, 0 unchanged, 0 refused',
        'Users: 2 imported, 0 updated, 0 unchanged, 0 refused',
        'Members: 1 imported, 0 updated, 0 unchanged, 0 refused',
        '',
      ].join('\n'),
      stderr: '',
      refused: [],
    })
    expect(await everything()).toMatchObject({ mails: 0 })
    t.moveClock(60)
    const { status, body } = await signIn(t, 'ada@company.example', 'abc')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      user: { email: 'ada@company.example', name: 'Ada', email_verified: true },
      account: { name: 'Account acc_1', role: 'owner' },
    })
    const members = await t.call('GET', '/v1/accounts/me/members', { as: body.access_token })
    expect(members.body.data).toMatchObject([
      { email: 'ada@company.example', role: 'owner' },
      {
        email: 'bob@company.example',
        role: 'viewer',
        email_verified: false,
        joined_at: '2022-01-01T00:00:00.000Z',
      },
    ])
    const state = await t.call('GET', '/v1/billing/state', { as: body.access_token })
    expect(state.body).toMatchObject({ plan: 'free' })
    const seen = await t.call('GET', `/v1/operator/accounts/${body.account.id}`, {
      as: await operatorToken(t),
    })
    expect(seen.body.created_at).toBe('2021-02-03T04:05:06.000Z')
  })

  test('--dry-run says what would become of each line and writes nothing; --report names the file of those refused', async () => {
    const lines = [
      account('acc_1'),
      user('ada', owns('acc_1')),
      user('ada_2', { email: 'ada@company.example' }),
      { type: 'member', user: 'nobody', account: 'acc_1', role: 'viewer' },
      'no JSON',
    ]
    const before = await everything()
    const report = join(folder, 'why.jsonl')
    const tried = await run(lines, '--dry-run', '--report', report)
    expect(await everything()).toEqual(before)
    const refused = [
      { line: 3, type: 'user', id: 'ada_2', reason: 'somebody else has this address here' },
      { line: 4, type: 'member', id: 'nobody', reason: 'no line before it makes the user nobody' },
      { line: 5, reason: 'it is no JSON object' },
    ]
    const said = [
      'Accounts: 1 imported, 0 updated, 0 unchanged, 0 refused',
      'Users: 1 imported, 0 updated, 0 unchanged, 1 refused',
      'Members: 0 imported, 0 updated, 0 unchanged, 1 refused',
      'Lines that nobody can read: 1',
    ]
    const inFile = `Refused, each with its reason in ${report}: 3`
    expect(tried).toEqual({
      code: 1,
      stdout: `${[...said, 'Nothing was changed.', inFile].join('\n')}\n`,
      stderr: '',
      refused,
    })
    const done = await run(lines, '--report', report)
    expect(done).toEqual({ code: 1, stdout: `${[...said, inFile].join('\n')}\n`, stderr: '', refused })
    expect(await everything()).toMatchObject({ users: 1, members: 1 })
  })

  test('the same file again changes nothing and says so, whatever people have done meanwhile', async () => {
    const lines = [
      account('acc_1'),
      user('ada', { password_hash: ABC, name: 'Ada', ...owns('acc_1') }),
      user('bob'),
      { type: 'member', user: 'bob', account: 'acc_1', role: 'viewer' },
    ]
    await follow(lines)
    const { body } = await signIn(t, 'ada@company.example', 'abc')
    const as = body.access_token
    await t.call('PATCH', '/v1/me', { as, body: { name: 'Countess' } })
    await t.call('PATCH', '/v1/accounts/me', { as, body: { name: 'Analytical Engines' } })
    const { data } = (await t.call('GET', '/v1/accounts/me/members', { as })).body
    const bob = data.find(({ role }: { role: string }) => role === 'viewer')
    await t.call('DELETE', `/v1/accounts/me/members/${bob.user_id}`, { as })
    const before = await everything()
    expect(await run(lines)).toMatchObject({
      code: 0,
      stdout: [
        'Accounts: 0 imported, 0 updated, 1 unchanged, 0 refused',
        'Users: 0 imported, 0 updated, 2 unchanged, 0 refused',
        'Members: 0 imported, 0 updated, 1 unchanged, 0 refused',
        'Nothing to change.',
        '',
      ].join('\n'),
    })
    expect(await everything()).toEqual(before)
  })

  test('an account that nobody owns is said', async () => {
    const { stdout } = await run([account('acc_1'), account('acc_2'), user('ada', owns('acc_1'))])
    expect(stdout).toContain('Accounts that were imported and that nobody owns: 1\n')
  })

  test('a file that is not there is said', async () => {
    const env = { DATABASE_URL: t.databaseUrl, PUBLIC_URL: 'https://gate.example', SECRET }
    expect(await frontgate(['import', '/nowhere.jsonl'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/nowhere.jsonl'),
    })
  })

  test('--report never takes the file itself, by whatever name, nor what an earlier run wrote when there is no file', async () => {
    const env = { DATABASE_URL: t.databaseUrl, PUBLIC_URL: 'https://gate.example', SECRET }
    const file = await fileOf(['no JSON'])
    const text = await readFile(file, 'utf8')
    const link = join(folder, 'link.jsonl')
    await symlink(file, link)
    const words = '--report names the file that is imported'
    expect(await frontgate(['import', file, '--report', link], env)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(words),
    })
    for (const report of [file, link]) expect(() => new RefusedLines(report, { of: file })).toThrow(words)
    expect(() => new RefusedLines(file, { of: '/nowhere.jsonl' })).toThrow('/nowhere.jsonl')
    expect(await readFile(file, 'utf8')).toBe(text)
  })
})

describe('a line is followed as a whole or refused', () => {
  const malformed: [line: object | string, reason: string | RegExp][] = [
    ['{"type":"user"', 'it is no JSON object'],
    ['[]', 'its type is none of account, user, member, subscription'],
    ['"user"', 'it is no JSON object'],
    ['{"type":"constructor"}', 'its type is none of account, user, member, subscription'],
    [{ type: 'user', email: 'ada@company.example' }, 'id is missing'],
    [user(''), 'id must not have fewer than 1 characters'],
    [user('a', { email: 'nobody' }), 'email is not an e-mail address'],
    [user('a', { pasword_hash: ABC }), 'pasword_hash is nothing that a line of this type may say'],
    [user('a', { password_hash: 'abc' }), 'password_hash is of no form that is known'],
    [
      user('a', { password_hash: ABC.replace('$06$', '$20$') }),
      'password_hash costs more to compute than sign-ins may',
    ],
    [user('a', { name: 'A\nda' }), /^name must/],
    [user('a', { created_at: '2021-02-03' }), /^created_at is no instant that has been/],
    [user('a', { created_at: '2921-02-03T00:00:00Z' }), /^created_at is no instant that has been/],
    [user('a', { members: [{ account: 'acc_1', role: 'god' }] }), /^members.0.role must/],
    [user('a', owns('acc_2')), 'no line before it makes the account acc_2'],
    [
      user('a', {
        members: [
          { account: 'acc_1', role: 'owner' },
          { account: 'acc_1', role: 'viewer' },
        ],
      }),
      'members names an account twice',
    ],
    ['{"type":"account","id":"x","name":"\\ud800"}', 'a text in it is cut in the middle of a letter'],
    [account('a', { name: 'x'.repeat(70_000) }), 'it is longer than 64 KiB, or no UTF-8'],
    [
      { type: 'subscription', account: 'acc_1', stripe_customer_id: 'cus_1' },
      'STRIPE_SECRET_KEY is not set, so Stripe cannot be asked',
    ],
  ]

  test('where it is malformed, each for its own reason', async () => {
    await follow([account('acc_1')])
    const before = await everything()
    const { refused } = await follow([account('acc_1'), ...malformed.map(([line]) => line)])
    expect(refused.map(({ number, reason }) => [number, reason])).toEqual(
      malformed.map(([, reason], i) => [
        i + 2,
        typeof reason === 'string' ? reason : expect.stringMatching(reason),
      ]),
    )
    expect(await everything()).toEqual(before)
  })

  test('an address that somebody has here is not given to somebody else', async () => {
    const known = await register(t)
    expect((await follow([user('a', { email: known.email.toUpperCase() })])).reasons).toEqual([
      'somebody else has this address here',
    ])
    expect((await signIn(t, known.email)).status).toBe(200)
  })

  test('whoever was deleted, or whose account was closed, does not come back', async () => {
    const lines = [account('acc_1'), user('ada', { password_hash: ABC, ...owns('acc_1') })]
    await follow(lines)
    const { body } = await signIn(t, 'ada@company.example', 'abc')
    await t.call('DELETE', '/v1/me', { as: body.access_token, body: { password: 'abc' } })
    expect((await follow(lines)).tally).toMatchObject({ user: { unchanged: 1 }, account: { unchanged: 1 } })
    const other = [
      account('acc_1', { name: 'Other' }),
      user('ada', { name: 'Other' }),
      user('bob', owns('acc_1')),
    ]
    expect((await follow(other)).reasons).toEqual([
      'the account was closed here',
      'the user was deleted here',
      'the account acc_1 was closed here',
    ])
  })

  test('one that the database refuses takes none of the others with it', async () => {
    await t.app.pool.query(`alter table users add constraint no_cats check (name <> 'Cat')`)
    const people = Array.from({ length: 50 }, (_, i) =>
      user(`u_${i}`, { name: i % 20 === 7 ? 'Cat' : 'Ada' }),
    )
    const { tally, refused } = await follow(people)
    expect(tally.user).toEqual({ imported: 47, updated: 0, unchanged: 0, refused: 3 })
    expect(refused.map(({ number }) => number)).toEqual([8, 28, 48])
    expect(refused[0]?.reason).toContain('no_cats')
    expect(await everything()).toMatchObject({ users: 47, imported: 47 })
  })
})

describe('a line that has changed', () => {
  test('names the account and the user anew, verifies the address, and adds who is a member', async () => {
    await follow([
      account('acc_1'),
      account('acc_2'),
      user('ada', { name: 'Ada', email_verified: false, ...owns('acc_1') }),
    ])
    const members = [
      { account: 'acc_1', role: 'owner' },
      { account: 'acc_2', role: 'admin' },
    ]
    const { tally } = await follow([
      account('acc_1', { name: 'Acme' }),
      account('acc_2'),
      user('ada', { name: 'Countess', password_hash: ABC, members }),
    ])
    expect(tally).toMatchObject({
      account: { updated: 1, unchanged: 1 },
      user: { imported: 0, updated: 1, refused: 0 },
    })
    const { body } = await signIn(t, 'ada@company.example', 'abc')
    expect(body.user).toMatchObject({ name: 'Countess', email_verified: true })
    const accounts = await t.call('GET', '/v1/accounts', { as: body.access_token })
    expect(
      accounts.body.data.map(({ name, role }: { name: string; role: string }) => [name, role]).sort(),
    ).toEqual([
      ['Account acc_2', 'admin'],
      ['Acme', 'owner'],
    ])
  })

  test('brings another password until the first sign-in here, and none afterwards', async () => {
    await follow([user('ada', { password_hash: ABC })])
    await follow([user('ada', { password_hash: OTHER })])
    expect((await signIn(t, 'ada@company.example', 'abc')).status).toBe(401)
    expect((await signIn(t, 'ada@company.example', 'password')).status).toBe(200)
    expect((await follow([user('ada', { password_hash: ABC })])).tally.user).toMatchObject({ updated: 1 })
    expect((await signIn(t, 'ada@company.example', 'abc')).status).toBe(401)
    expect((await signIn(t, 'ada@company.example', 'password')).status).toBe(200)
  })

  test('does not move an address or a role, and says so', async () => {
    await follow([account('acc_1'), user('ada', owns('acc_1'))])
    const { reasons } = await follow([
      user('ada', { email: newAddress() }),
      user('ada', { members: [{ account: 'acc_1', role: 'viewer' }] }),
    ])
    expect(reasons).toEqual([
      'the user has another address here: people change theirs themselves',
      'the user is owner of acc_1 here: roles are changed in Frontgate',
    ])
  })
})

describe('passwords that were hashed elsewhere', () => {
  test('are hashed as today’s are with the first sign-in, and open nothing to a wrong one', async () => {
    await follow([user('ada', { password_hash: OTHER })])
    const hash = async () => (await t.app.pool.query('select password_hash from users')).rows[0].password_hash
    expect((await signIn(t, 'ada@company.example', 'passwords')).status).toBe(401)
    expect(await hash()).toBe(OTHER)
    expect((await signIn(t, 'ada@company.example', 'password')).status).toBe(200)
    expect(await hash()).toMatch(/^\$argon2id\$v=19\$m=1024,t=1,p=1\$/)
    expect((await signIn(t, 'ada@company.example', 'password')).status).toBe(200)
  })

  test('need not be there: a mail brings the first one', async () => {
    await follow([user('ada')])
    expect((await signIn(t, 'ada@company.example', PASSWORD)).status).toBe(401)
    expect(
      (await t.call('POST', '/v1/auth/password/forgot', { body: { email: 'ada@company.example' } })).status,
    ).toBe(202)
  })
})

describe('trials', () => {
  test('begin where a line says so, and who had one elsewhere has none here', async () => {
    await follow([
      account('acc_1'),
      account('acc_2'),
      user('ada', { password_hash: ABC, ...owns('acc_1', { trial: 'begins' }) }),
      user('bob', { password_hash: ABC, ...owns('acc_2', { trial: 'had' }) }),
    ])
    const planOf = async (email: string) => {
      const { body } = await signIn(t, email, 'abc')
      return {
        as: body.access_token,
        plan: (await t.call('GET', '/v1/billing/state', { as: body.access_token })).body.plan,
      }
    }
    expect(await planOf('ada@company.example')).toMatchObject({ plan: 'pro' })
    const bob = await planOf('bob@company.example')
    expect(bob.plan).toBe('free')
    const created = await t.call('POST', '/v1/accounts', { as: bob.as, body: { name: 'Second' } })
    expect(created.status).toBe(201)
    const { rows } = await t.app.pool.query(`select count(*) from grants where source = 'trial'`)
    expect(rows[0].count).toBe(1)
    expect(
      (
        await follow([
          account('acc_3'),
          { type: 'member', user: 'bob', account: 'acc_3', role: 'owner', trial: 'begins' },
        ])
      ).reasons,
    ).toEqual(['the user has had a trial here'])
  })

  const ada = (more = {}) => user('ada', { password_hash: ABC, ...more })
  const had = owns('acc_1', { trial: 'had' })
  const hadAda: [how: string, files: object[][]][] = [
    ['in the line of the user', [[ada(had)]]],
    ['in a line of their membership', [[ada()], [{ type: 'member', user: 'ada', ...had.members[0] }]]],
    [
      'in a changed line that no longer says verified',
      [[ada()], [ada({ email_verified: undefined, ...had })]],
    ],
    [
      'in one before the line that verifies the address',
      [[ada({ email_verified: false, ...had })], [ada(had)]],
    ],
  ]
  test.each(hadAda)('are one per mailbox, whoever has it later: %s', async (_, files) => {
    await follow([account('acc_1'), account('acc_2')])
    for (const lines of files) expect((await follow(lines)).reasons).toEqual([])
    const { body } = await signIn(t, 'ada@company.example', 'abc')
    await t.call('DELETE', '/v1/me', { as: body.access_token, body: { password: 'abc' } })
    await follow([user('eve', { email: 'ada@company.example', password_hash: ABC })])
    const again = [{ type: 'member', user: 'eve', account: 'acc_2', role: 'owner', trial: 'begins' }]
    expect((await follow(again)).reasons).toEqual(['the user has had a trial here'])
    const eve = (await signIn(t, 'ada@company.example', 'abc')).body.access_token
    expect((await t.call('POST', '/v1/accounts', { as: eve, body: { name: 'Second' } })).status).toBe(201)
    const { rows } = await t.app.pool.query(`select count(*) from grants where source = 'trial'`)
    expect(rows[0].count).toBe(0)
  })

  test('do not begin where there are none, and are not taken to have been had', async () => {
    t = await startTestApp({ TRIAL_DAYS: '0' }, { work: false })
    onTestFinished(t.close)
    const { reasons } = await follow([
      account('acc_1'),
      ada(owns('acc_1', { trial: 'begins' })),
      user('bob', owns('acc_1', { trial: 'had' })),
    ])
    expect(reasons).toEqual(['TRIAL_DAYS is 0, so no trial begins'])
    const { rows } = await t.app.pool.query('select u.email from trials_taken join users u on u.id = user_id')
    expect(rows).toEqual([{ email: 'bob@company.example' }])
  })
})

describe('many lines', () => {
  const ACCOUNTS = 100
  const many = (users: number) => [
    ...Array.from({ length: ACCOUNTS }, (_, i) => account(`acc_${i}`)),
    ...Array.from({ length: users }, (_, i) => user(`u_${i}`, owns(`acc_${i % ACCOUNTS}`))),
  ]
  const whole = (users: number) => ({
    users,
    accounts: ACCOUNTS,
    members: users,
    imported: users + ACCOUNTS,
    told: users + ACCOUNTS,
  })

  test('of people who are in many accounts are fewer to a commit', async () => {
    const members = Array.from({ length: ACCOUNTS }, (_, i) => ({ account: `acc_${i}`, role: 'viewer' }))
    const people = Array.from({ length: 45 }, (_, i) => user(`u_${i}`, { members }))
    const reached: number[] = []
    const file = await fileOf([...many(0), ...people])
    const onProgress = ({ user: { imported } }: Tally) => reached.push(imported)
    await importFile(t.app, file, { onRefused: () => {}, onProgress })
    expect(await everything()).toMatchObject({ users: 45, members: 45 * ACCOUNTS })
    const each = reached.map((count, i) => count - (reached[i - 1] ?? 0))
    expect(Math.max(...each)).toBeLessThanOrEqual(40)
  })

  test('are brought once by two processes that have the same file', async () => {
    const file = await fileOf(many(3_000))
    const other = await startReplica(t)
    const tallies = await Promise.all(
      [t.app, other.app].map((app) => importFile(app, file, { onRefused: () => {} })),
    )
    const sum = (of: 'imported' | 'refused' | 'unchanged') =>
      tallies.reduce((total, { user: counts }) => total + counts[of], 0)
    expect([sum('imported'), sum('unchanged'), sum('refused')]).toEqual([3_000, 3_000, 0])
    expect(await everything()).toMatchObject(whole(3_000))
  })

  test('are there as a whole or not at all when the process is killed, and are gone on with', async () => {
    const file = await fileOf(many(9_000))
    const env = { DATABASE_URL: t.databaseUrl, PUBLIC_URL: 'https://gate.example', SECRET }
    const child = spawn(process.execPath, ['dist/main.js', 'import', file], { env, stdio: 'ignore' })
    const ended = once(child, 'exit')
    const countUsers = async () => (await t.app.pool.query('select count(*) from users')).rows[0].count
    await expect.poll(countUsers, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0)
    const client = await t.app.pool.connect()
    // Between two batches: the next one waits for its turn.
    await client.query('select pg_advisory_lock($1::bigint)', [IMPORTS_LOCK])
    child.kill('SIGKILL')
    expect(await ended).toEqual([null, 'SIGKILL'])
    await client.query('select pg_advisory_unlock($1::bigint)', [IMPORTS_LOCK])
    client.release()
    const half = await countUsers()
    expect(half).toBeLessThan(9_000)
    expect(await everything()).toMatchObject(whole(half))
    const { user: rest } = await importFile(t.app, file, { onRefused: () => {} })
    expect(rest).toEqual({ imported: 9_000 - half, updated: 0, unchanged: half, refused: 0 })
    expect(await everything()).toMatchObject(whole(9_000))
  })
})
