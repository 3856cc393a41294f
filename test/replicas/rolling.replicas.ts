import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { ServiceProcess } from '../races/serviceProcess.ts'
import { newAddress, PASSWORD, registerVerified } from '../support/people.ts'
import { setOverride } from '../support/staff.ts'
import { startTestAppWith } from '../support/testApp.ts'
import { newKey } from '../support/usage.ts'
import { startHaproxy } from './haproxy.ts'

const PRO = '/v1/forward-auth?require=plan:pro'

test('processes that are replaced one after the other fail no request, and every mail is sent once', async () => {
  const t = await startTestAppWith({}, { work: false })
  const env = {
    DATABASE_URL: t.databaseUrl,
    SMTP_URL: t.app.config.smtpUrl?.reveal(),
    DRAIN_SECONDS: '3',
    TRUSTED_PROXY_HOPS: '1',
  }
  const ports: [number, number] = [await freePort(0), await freePort(0)]
  const serve = (place: number) =>
    ServiceProcess.start({ ...env, PORT: String(ports[place]) }, ['serve', '--no-work', '--no-migrate'])
  const work = () => ServiceProcess.start(env, ['work', '--no-migrate'])
  const serving = [await serve(0), await serve(1)]
  let working = [await work(), await work()]
  const haproxy = await startHaproxy(ports)
  onTestFinished(haproxy.stop)
  await haproxy.untilUp(2)

  let isOver = false
  const failures: string[] = []
  const counts = { asked: 0, keys: 0 }
  const registered: string[] = []
  const ask = async (expected: number, method: string, path: string, body?: object, as?: string) => {
    counts.asked++
    try {
      const reply = await fetch(haproxy.url + path, {
        method,
        headers: {
          ...(body && { 'content-type': 'application/json' }),
          ...(as && { authorization: `Bearer ${as}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
      })
      const text = await reply.text()
      if (reply.status === expected) return text ? JSON.parse(text) : null
      failures.push(`${method} ${path}: ${reply.status} ${text}`)
      return null
    } catch (error) {
      failures.push(`${method} ${path}: ${(error as Error).cause ?? error}`)
      return null
    }
  }
  const repeat = async (act: () => Promise<unknown>) => {
    while (!isOver) {
      await act()
      await delay(20)
    }
  }
  const person = await registerVerified(t)
  await setOverride(t, person.accountId, 'limits/kb_conversions', null)
  const load = [
    repeat(() => ask(200, 'GET', PRO, undefined, person.accessToken)),
    repeat(() => ask(200, 'GET', PRO, undefined, person.accessToken)),
    repeat(async () => {
      const { refreshToken: refresh_token } = person
      const next = await ask(200, 'POST', '/v1/auth/refresh', { refresh_token })
      if (next) Object.assign(person, { refreshToken: next.refresh_token, accessToken: next.access_token })
    }),
    repeat(() => {
      counts.keys++
      const body = { limit: 'kb_conversions', amount: 1, idempotency_key: newKey() }
      return ask(200, 'POST', '/v1/usage/consume', body, person.accessToken)
    }),
    repeat(async () => {
      const email = newAddress('rolling')
      registered.push(email)
      await ask(201, 'POST', '/v1/auth/register', { email, password: PASSWORD, token_delivery: 'body' })
    }),
  ]

  for (const place of [0, 1]) {
    await delay(500)
    serving[place]?.kill('SIGTERM')
    expect(await serving[place]?.ended).toEqual([0, null])
    serving[place] = await serve(place)
    await haproxy.untilUp(2)
    const [leaving, ...staying] = working
    leaving?.kill('SIGTERM')
    expect(await leaving?.ended).toEqual([0, null])
    working = [...staying, await work()]
  }
  isOver = true
  await Promise.all(load)
  await t.settled()
  process.stderr.write(
    `2 processes that serve and 2 that work were replaced: ${counts.asked} requests, ${failures.length} failed; ${registered.length} mails\n`,
  )
  expect(failures).toEqual([])
  const entitlements = await ask(200, 'GET', '/v1/entitlements', undefined, person.accessToken)
  expect(entitlements.limits.kb_conversions.used).toBe(counts.keys)
  for (const email of registered) expect(t.mailbox.list(email)).toHaveLength(1)
}, 600_000)
