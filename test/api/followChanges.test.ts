import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChangeStream, listen } from '../support/changeStream.ts'
import { register } from '../support/people.ts'
import { productKey, revokeProductKey } from '../support/productKeys.ts'
import { giveGrant, instant } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
let origin: string
let key: string
beforeAll(async () => {
  t = await startTestApp()
  origin = await listen(t.fastify)
  key = (await productKey(t)).key
})
afterAll(() => t.close())

test('a product is marked at once, and told of what changes as it is committed', async () => {
  const { accountId } = await register(t)
  const stream = await ChangeStream.open(origin, key)
  expect(stream.status).toBe(200)
  expect(Object.fromEntries(stream.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  })
  expect((await stream.marked()).data).toEqual({ at: instant(t) })
  await giveGrant(t, accountId, { source: 'complimentary', plan: 'team' })
  const told = await stream.named(`account:${accountId}`)
  expect(told.data.at).toBe(instant(t))
  expect(told.id).not.toBe('')
  expect((await stream.marked(stream.told.length)).id).not.toBe('')
})
