import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { register } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import { alerts, alertsIn, dashboard, metricsIn, metricsOf, missingIn, runbook } from './files.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const scrape = async () => (await t.call('GET', '/metrics')).text
/** The value of a series as a scrape says it; null where it has none. */
async function readSeries(series: string): Promise<number | null> {
  const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? null : Number(line.slice(series.length + 1))
}

describe('what alerts, the dashboard and the runbook name', () => {
  test('is what a running service exports', async () => {
    const { index, pages } = runbook()
    const named = metricsIn([alerts(), dashboard(), index, ...Object.values(pages)].join('\n'))
    const exported = metricsOf(await scrape())
    // A histogram may be named as a whole.
    const isKnown = (name: string) => exported.has(name) || exported.has(`${name}_count`)
    expect(named.filter((name) => !isKnown(name))).toEqual([])
    expect(named.length).toBeGreaterThan(30)
  })

  test('is a page for each alert, and an alert for each page', () => {
    const { index, pages } = runbook()
    const known = alertsIn(alerts())
    expect(known.map(({ name }) => name).sort()).toEqual(Object.keys(pages).sort())
    for (const { name, severity, page } of known) {
      expect(page).toBe(`docs/runbooks/${name}.md`)
      expect(pages[name]).toMatch(new RegExp(`^# ${name}\n`))
      expect(pages[name]).toContain(
        severity === 'page' ? '*Wakes somebody up.*' : '*Waits until the morning.*',
      )
      for (const part of ['Look', 'Do', 'It is over when']) expect(pages[name]).toContain(`\n## ${part}\n`)
      expect(index).toContain(`[${name}](${name}.md)`)
    }
  })

  test('is there: files, npm scripts, and labels of the manifests', () => {
    expect(missingIn('docs/{runbooks,guides}/*.md')).toEqual([])
    expect(missingIn('deploy/**/*.{cfg,ini,yml,yaml}')).toEqual([])
  })

  test('and every statement in it can be run as it stands', async () => {
    const text = Object.values(runbook().pages).join('\n')
    const blocks = [...text.matchAll(/```sql\n(.*?)```/gs)].map(([, block = '']) => block)
    const statements = blocks.flatMap((block) => block.split(/;\s*$/m)).filter((one) => one.trim())
    expect(statements.length).toBeGreaterThan(15)
    for (const statement of statements.map((one) => one.replaceAll(/<\w+>/g, '0'))) {
      // An extension that not everybody has.
      if (statement.includes('pg_stat_statements')) continue
      await t.app.pool.query(`begin; ${statement}; rollback`).catch((error: Error) => {
        throw new Error(`${error.message} in: ${statement}`)
      })
    }
  })
})

describe('what waits', () => {
  test('is counted by job, with the age of the oldest', async () => {
    const idle = await startTestAppWith({}, { work: false })
    await register(idle)
    await idle.app.pool.query(`
      update graphile_worker._private_jobs set run_at = clock_timestamp() - interval '90 seconds'`)
    const { text } = await idle.call('GET', '/metrics')
    expect(text).toContain('frontgate_jobs_waiting{job="mail.send",state="ready"} 1')
    expect(Number(/oldest_ready_seconds\{job="mail.send"\} (\S+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(90)
    expect(text).toMatch(/^frontgate_workers 0$/m)
    expect(text).toMatch(/^frontgate_database_up 1$/m)
  })

  test('is seen, with what runs and what is given up, behind more than is counted', async () => {
    const idle = await startTestAppWith({}, { work: false })
    const put = (name: string, columns: string, values: string, many = 1) =>
      idle.app.pool.query(`
        with task as (
          insert into graphile_worker._private_tasks (identifier) values ('${name}')
          on conflict (identifier) do update set identifier = excluded.identifier returning id
        )
        insert into graphile_worker._private_jobs (task_id, ${columns})
        select task.id, ${values} from task, generate_series(1, ${many})`)
    await put('webhooks.deliver', 'priority, run_at', `10, clock_timestamp() - interval '5 seconds'`, 12_000)
    await put('billing.project', 'run_at', `clock_timestamp() + interval '1 hour'`, 12_000)
    await put('mail.send', 'run_at', `clock_timestamp() - interval '1 hour'`)
    await put('webhooks.tell-account', 'priority, run_at', `10, clock_timestamp() - interval '2 hours'`)
    await put('sweep.purge', 'locked_at, locked_by', `clock_timestamp(), 'worker'`)
    await put('forget', 'attempts, max_attempts', `25, 25`)
    const { text } = await idle.call('GET', '/metrics')
    const ageOf = (job: string) =>
      Number(new RegExp(`oldest_ready_seconds\\{job="${job}"\\} (\\S+)`).exec(text)?.[1])
    expect(ageOf('mail.send')).toBeGreaterThanOrEqual(3600)
    expect(ageOf('webhooks.tell-account')).toBeGreaterThanOrEqual(7200)
    expect(text).toContain('frontgate_jobs_waiting{job="webhooks.deliver",state="ready"} 9999')
    expect(text).toContain('frontgate_jobs_waiting{job="billing.project",state="later"} 10000')
    expect(text).toContain('frontgate_jobs_waiting{job="sweep.purge",state="running"} 1')
    expect(text).toContain('frontgate_jobs_waiting{job="forget",state="given-up"} 1')
  })

  test('is told with the workers there are, and how old an event of Stripe is', async () => {
    expect(await readSeries('frontgate_workers')).toBe(1)
    await t.app.pool.query(
      `insert into stripe_events (id, type, shape, status, payload, created_at, received_at)
       select id, 'invoice.paid', 'snapshot', status, '{}', $1, $1
       from (values ('evt_1', 'received'), ('evt_2', 'parked')) as v (id, status)`,
      [new Date(t.app.now().getTime() - 700_000)],
    )
    const { text } = await t.call('GET', '/metrics')
    // Anybody may ask, so what was read is told again for a moment.
    await expect.poll(() => readSeries('frontgate_stripe_oldest_received_seconds')).toBe(700)
    expect(await readSeries('frontgate_stripe_events_parked')).toBe(1)
    expect(text).not.toContain('evt_')
  })

  test('is left out while it cannot be counted, and the rest is told', async () => {
    const w = await startTestAppWith({}, { work: false })
    await w.app.pool.query('alter table stripe_events rename to elsewhere')
    const { status, text } = await w.call('GET', '/metrics')
    expect(status).toBe(200)
    expect(text).toMatch(/^frontgate_database_up 1$/m)
    expect(text).toMatch(/^frontgate_backlog_read 0$/m)
    expect(text).not.toMatch(/^frontgate_stripe_oldest_received_seconds \d/m)
    expect(text).toContain('frontgate_password_hashes_most_running 2')
  })
})

describe('how long ago Stripe was compared', () => {
  const SECRET_KEY = { STRIPE_SECRET_KEY: 'sk_test_none', STRIPE_API_URL: 'http://127.0.0.1:9' }
  const begin = (app: TestApp, ended: boolean) =>
    app.app.pool.query(
      'insert into reconciliations (id, started_at, finished_at) values (gen_random_uuid(), $1, $2)',
      [app.app.now(), ended ? app.app.now() : null],
    )
  const told = async (app: TestApp) => {
    const { text } = await app.call('GET', '/metrics')
    const [, seconds] = /^frontgate_stripe_reconciled_seconds (\S+)$/m.exec(text) ?? []
    return seconds === undefined ? null : Math.round(Number(seconds) / 1000)
  }

  test('is since the process began where nobody has tried, and since the first try where none has ended', async () => {
    const first = await startTestAppWith(SECRET_KEY, { work: false })
    first.moveClock(20_000)
    expect(await told(first)).toBe(20)
    const second = await startTestAppWith(SECRET_KEY, { work: false })
    await begin(second, false)
    second.moveClock(20_000)
    await begin(second, false)
    expect(await told(second)).toBe(20)
  })

  test('is not told without Stripe, whatever was compared before', async () => {
    const w = await startTestAppWith({}, { work: false })
    await begin(w, true)
    w.moveClock(20_000)
    expect(await told(w)).toBe(null)
  })
})

test('refusals are counted by their code', async () => {
  await t.call('POST', '/v1/auth/login', { body: { email: 'a@b.example', password: 'wrong and long' } })
  expect(await readSeries('frontgate_problems_total{operation="signIn",code="invalid-credentials"}')).toBe(1)
})

test('a mail is a call to the mail server', async () => {
  const { email } = await register(t)
  await t.mailsTo(email)
  const done = 'frontgate_call_seconds_count{to="mail-server",outcome="done"}'
  expect(await readSeries(done)).toBeGreaterThanOrEqual(1)
})
