import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Grandfathering, grandfather } from '../src/operators/grandfather.ts'
import { type Ended, frontgate, SECRET } from './support/commandLine.ts'
import { mirrored } from './support/mirrored.ts'
import { operatorToken, type Person, register, signIn } from './support/people.ts'
import { startReplica } from './support/replica.ts'
import { DAY_SECONDS, giveGrant, instant } from './support/staff.ts'
import { startTestApp, type TestApp } from './support/testApp.ts'

let t: TestApp
beforeEach(async () => {
  t = await startTestApp({}, { work: false })
  onTestFinished(t.close)
})

/** Runs the command as an operator would. Its clock is the real one, at which the test's stands still. */
async function run(...args: string[]): Promise<Ended> {
  const ended = await frontgate(['grandfather', ...args], {
    DATABASE_URL: t.databaseUrl,
    PUBLIC_URL: 'https://gate.example',
    SECRET,
  })
  t.moveClock(600)
  return ended
}

const inAnHour = () => instant(t, 3600)
const said = (given: number, { had = 0, left = 0, closed = 0, word = 'Given' } = {}) => ({
  code: 0,
  stdout: [
    `${word} pro: ${given}`,
    `Had it from here already: ${had}`,
    `Left as they are, canceled or past due: ${left}`,
    `Left as they are, closed: ${closed}`,
    '',
  ].join('\n'),
  stderr: '',
})

async function stateOf({ email }: Person) {
  const { body } = await signIn(t, email)
  return (await t.call('GET', '/v1/billing/state', { as: body.access_token })).body
}

async function grantsOf({ accountId }: Person) {
  const reply = await t.call('GET', `/v1/operator/accounts/${accountId}`, { as: await operatorToken(t) })
  return reply.body.grants.filter(({ source }: { source: string }) => source === 'complimentary')
}

describe('frontgate grandfather', () => {
  test('who was there before keeps the plan for nothing and for good, whoever came later does not', async () => {
    const early = await register(t)
    t.moveClock(3600)
    const cutoff = instant(t)
    const late = await register(t)
    expect(await run('--before', cutoff, '--plan', 'pro')).toEqual(said(1))
    t.moveClock(20 * DAY_SECONDS)
    expect(await stateOf(early)).toMatchObject({
      plan: 'pro',
      reason: 'complimentary',
      subscription: { status: 'complimentary', ends_at: null },
    })
    expect(await stateOf(late)).toMatchObject({ plan: 'free' })
    expect(await grantsOf(early)).toMatchObject([{ until: null, reason: `Here before ${cutoff}` }])
  })

  test('until a day, for a reason, which the trail repeats', async () => {
    const person = await register(t)
    const order = ['--before', inAnHour(), '--plan', 'pro', '--until', '2100-01-01', '--reason', ' The beta ']
    expect(await run(...order)).toEqual(said(1))
    const [grant] = await grantsOf(person)
    expect(grant).toMatchObject({ until: '2100-01-01T00:00:00.000Z', reason: 'The beta' })
    const trail = await t.call(
      'GET',
      `/v1/operator/audit?account_id=${person.accountId}&action=grant.given`,
      {
        as: await operatorToken(t),
      },
    )
    expect(trail.body.data).toMatchObject([
      {
        actor_kind: 'system',
        details: {
          grant: grant.id,
          source: 'complimentary',
          plan: 'pro',
          until_before: null,
          until: grant.until,
          reason: 'The beta',
        },
      },
    ])
  })

  test('run again it gives nothing twice, also what an operator has ended since', async () => {
    const person = await register(t)
    const order = ['--before', inAnHour(), '--plan', 'pro']
    expect(await run(...order)).toEqual(said(1))
    const [{ id }] = await grantsOf(person)
    const body = { reason: 'They agreed' }
    await t.call('DELETE', `/v1/operator/grants/${id}`, { as: await operatorToken(t), body })
    expect(await run(...order, '--until', '2100-01-01')).toEqual(said(0, { had: 1 }))
    expect(await grantsOf(person)).toHaveLength(1)
  })

  test('who has canceled or does not pay, and who has left, stay as they are; who pays gets it too', async () => {
    const [canceled, unpaid, gone, paying] = await Promise.all([0, 1, 2, 3].map(() => register(t)))
    const [again, tried] = [await register(t), await register(t)]
    await mirrored(t, canceled?.accountId ?? '', { status: 'canceled' })
    await mirrored(t, unpaid?.accountId ?? '', { status: 'past_due' })
    await mirrored(t, paying?.accountId ?? '')
    await mirrored(t, again.accountId, { status: 'canceled', is_shown: false })
    await mirrored(t, again.accountId)
    // Canceled, and tried to buy once more without ever paying.
    await mirrored(t, tried.accountId, { status: 'canceled', is_shown: false })
    await mirrored(t, tried.accountId, { status: 'incomplete_expired' })
    const confirm = `${gone?.email.split('@')[0]}’s account`
    await t.call('DELETE', '/v1/accounts/me', { as: gone?.accessToken ?? '', body: { confirm } })
    const order = ['--before', inAnHour(), '--plan', 'pro']
    const others = { left: 3, closed: 1 }
    expect(await run(...order, '--dry-run')).toEqual(said(2, { ...others, word: 'Would be given' }))
    for (const person of [canceled, unpaid, paying, again])
      expect(await grantsOf(person as Person)).toEqual([])
    expect(await run(...order)).toEqual(said(2, others))
    expect(await grantsOf(paying as Person)).toHaveLength(1)
    expect(await grantsOf(again)).toHaveLength(1)
  })

  test('an account that has the plan for another reason keeps that, and this beside it', async () => {
    const person = await register(t)
    const until = instant(t, DAY_SECONDS)
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'pro', until })
    expect(await run('--before', inAnHour(), '--plan', 'pro')).toEqual(said(1))
    t.moveClock(30 * DAY_SECONDS)
    expect(await stateOf(person)).toMatchObject({ plan: 'pro', subscription: { ends_at: null } })
  })

  const faults: [string[], RegExp][] = [
    [['--plan', 'pro'], /--before/],
    [['--before', '2026-01-01'], /--plan/],
    [['--before', 'yesterday', '--plan', 'pro'], /--before.*as 2026-07-01/],
    [['--before', '2026-02-30', '--plan', 'pro'], /--before.*as 2026-07-01/],
    [['--before', '2026-01-01T12:00', '--plan', 'pro'], /--before.*as 2026-07-01/],
    [['--before', '2026-01-01', '--plan', 'pro', '--until', '01/02/2030'], /--until.*as 2026-07-01/],
    [['--before', '2026-01-01', '--plan', 'pro', '--until', '2020-01-01'], /2020-01-01T.* has gone by/],
    [['--before', '2026-01-01', '--plan', 'pro', '--reason', ' '], /--reason.*reason of up to 500/],
    [
      ['--before', '2026-01-01', '--plan', 'platinum'],
      /no plan platinum\. Name one of pro, team, enterprise/,
    ],
    [['--before', '2026-01-01', '--plan', 'free'], /Everybody has free already/],
  ]
  test('what cannot be meant is refused in words, and nobody gets anything', async () => {
    const person = await register(t)
    for (const [args, words] of faults) {
      const { code, stdout, stderr } = await run(...args)
      expect([code, stdout], args.join(' ')).toEqual([1, ''])
      expect(stderr, args.join(' ')).toMatch(words)
      expect(stderr.trim().split('\n')).toHaveLength(1)
    }
    expect(await grantsOf(person)).toEqual([])
  })
})

describe('a crowd', () => {
  const CROWD = 1_300
  const order = (): Grandfathering => ({
    before: new Date(t.app.now().getTime() + 1),
    plan: 'pro',
    until: null,
    reason: 'The beta',
  })

  async function gather(): Promise<void> {
    await t.app.pool.query(
      `insert into accounts (id, name, created_at)
       select gen_random_uuid(), 'No. ' || n, $1 from generate_series(1, $2::int) n`,
      [t.app.now(), CROWD],
    )
  }

  async function counts() {
    const { rows } = await t.app.pool.query(
      `select (select count(*) from grants where source = 'complimentary') as grants,
         (select count(distinct account_id) from grants where source = 'complimentary') as accounts,
         (select count(*) from audit_log where action = 'grant.given') as told`,
    )
    return rows[0]
  }

  test('two at once give each account one grant, and between them count each once', async () => {
    await gather()
    const other = await startReplica(t)
    const [here, there] = await Promise.all([grandfather(t.app, order()), grandfather(other.app, order())])
    expect(here.given + there.given).toBe(CROWD)
    expect([here.given + here.had, there.given + there.had]).toEqual([CROWD, CROWD])
    expect(await counts()).toEqual({ grants: CROWD, accounts: CROWD, told: CROWD })
  })

  test('what was interrupted goes on where it was', async () => {
    await gather()
    const interrupted = grandfather(t.app, order(), {
      onProgress({ given }) {
        if (given >= 500) throw new Error('Interrupted')
      },
    })
    await expect(interrupted).rejects.toThrow('Interrupted')
    const { grants: before } = await counts()
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(CROWD)
    expect(await grandfather(t.app, order())).toEqual({
      given: CROWD - before,
      had: before,
      left: 0,
      closed: 0,
    })
    expect(await counts()).toEqual({ grants: CROWD, accounts: CROWD, told: CROWD })
  })

  test('an account that is closed meanwhile is either given it first, or closed first', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, () => register(t)))
    const close = ({ accessToken: as, email }: Person) =>
      t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: `${email.split('@')[0]}’s account` } })
    const [tally, ...closed] = await Promise.all([grandfather(t.app, order()), ...people.map(close)])
    expect(closed.map(({ status }) => status)).toEqual(people.map(() => 204))
    expect(tally.given + tally.closed).toBe(people.length)
    expect(await counts()).toMatchObject({ grants: tally.given })
  })
})
