import { createGate, type Verdict } from '@frontgate/client/guards'
import { expect, onTestFinished, test } from 'vitest'
import { ServiceProcess } from '../races/serviceProcess.ts'
import { bearing } from '../support/gates.ts'
import { registerVerified } from '../support/people.ts'
import { productKey } from '../support/productKeys.ts'
import { startTestAppWith } from '../support/testApp.ts'

const STATED_MS = 2_000
/** What a mark may be on its way, by which the clock of the service is told late. */
const ON_ITS_WAY_MS = 500

test('a service that is killed and started anew under load never lets a session pass that was ended longer ago than is stated', async () => {
  // One process of an installation stays, where sessions are ended; the one that the product asks is killed.
  const t = await startTestAppWith({}, { work: true })
  const env = {
    DATABASE_URL: t.databaseUrl,
    PUBLIC_URL: t.app.config.publicUrl,
    MAIL_FROM: 'no-reply@frontgate.test',
  }
  const { key } = await productKey(t)
  const [staying, leaving] = [await registerVerified(t), await registerVerified(t)]
  let service = await ServiceProcess.start(env, ['serve', '--no-work'])
  const gate = createGate({
    url: t.app.config.publicUrl,
    productKey: key,
    live: { maxStalenessMs: STATED_MS },
    fetch: (input, init) => fetch(String(input).replace(t.app.config.publicUrl, service.origin), init),
  })
  onTestFinished(() => gate.close())
  await gate.ready()

  let isOver = false
  let endedAt = Number.POSITIVE_INFINITY
  const seen = { passed: 0, refused: 0, unavailable: 0, late: 0, other: [] as Verdict[] }
  const load = async ({ accessToken }: { accessToken: string }, isLeaving: boolean) => {
    while (!isOver) {
      const verdict = await gate.decide(bearing(accessToken), { plan: 'pro' })
      if (verdict.kind === 'passed') {
        seen.passed++
        if (isLeaving && performance.now() > endedAt + STATED_MS + ON_ITS_WAY_MS) seen.late++
      } else if (verdict.problem.status === 503 && verdict.headers['retry-after']) seen.unavailable++
      else if (isLeaving && verdict.problem.code === 'session-expired') seen.refused++
      else seen.other.push(verdict)
      await new Promise(setImmediate)
    }
  }
  const loads = [load(staying, false), load(staying, false), load(leaving, true), load(leaving, true)]
  await expect.poll(() => seen.passed).toBeGreaterThan(10)

  service.kill('SIGKILL')
  await service.ended
  expect((await t.call('POST', '/v1/auth/logout', { as: leaving.accessToken })).status).toBe(204)
  endedAt = performance.now()
  await expect.poll(() => seen.unavailable).toBeGreaterThan(0)
  service = await ServiceProcess.start(env, ['serve', '--no-work'])
  await expect.poll(() => seen.refused).toBeGreaterThan(0)
  const before = seen.passed
  await expect.poll(() => seen.passed).toBeGreaterThan(before)
  isOver = true
  await Promise.all(loads)
  expect({ late: seen.late, other: seen.other }).toEqual({ late: 0, other: [] })
})
