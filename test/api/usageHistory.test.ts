import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, registerVerified } from '../support/people.ts'
import { giveGrant } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { again, consume, moveTo, standing } from '../support/usage.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({ TRIAL_DAYS: '0' })
})
afterAll(() => t.close())

const history = (person: Person, query: string) =>
  t.call('GET', `/v1/accounts/me/usage?${query}`, { as: person.accessToken })

test('what was used by months, with zeros, and of this one as it is checked', async () => {
  const person = await registerVerified(t)
  await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'pro' })
  await consume(t, person, 'kb_conversions', 7)
  const { resets_at: first } = await standing(t, person, 'kb_conversions')
  await moveTo(t, first)
  const { resets_at: second } = await standing(t, await again(t, person), 'kb_conversions')
  await moveTo(t, second)
  const later = await again(t, person)
  await consume(t, later, 'kb_conversions', 2)

  const { status, body } = await history(later, 'limit=kb_conversions&periods=4')
  expect(status).toBe(200)
  expect(body).toMatchObject({ limit: 'kb_conversions', per: 'month' })
  expect(body.data.map(({ used }: { used: number }) => used)).toEqual([0, 7, 0, 2])
  const { used, resets_at } = await standing(t, later, 'kb_conversions')
  expect(body.data.at(-1)).toMatchObject({ used, end: resets_at, start: second })
  for (const [i, { start }] of body.data.entries()) if (i > 0) expect(body.data[i - 1].end).toBe(start)

  expect((await history(later, 'limit=kb_conversions')).body.data).toHaveLength(12)
  const other = await registerVerified(t)
  expect((await history(other, 'limit=kb_conversions&periods=1')).body.data).toMatchObject([{ used: 0 }])
})

test.each(['members', 'trees', 'nothing'])('there is no history of %s', async (limit) => {
  const { status, body } = await history(await registerVerified(t), `limit=${limit}`)
  expect(status).toBe(422)
  expect(body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '#/query/limit' }] })
})
