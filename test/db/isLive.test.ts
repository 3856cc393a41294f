import { afterAll, beforeAll, expect, test } from 'vitest'
import { isLive } from '../../src/entitlements/truthTable.ts'
import { mirrored } from '../support/mirrored.ts'
import { register } from '../support/people.ts'
import { statuses } from '../support/someFacts.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
})
afterAll(() => t.close())

test.each([...statuses, 'a_word_of_tomorrow'])(
  '%s is live in statements exactly when the rule says so',
  async (status) => {
    const person = await register(t)
    const { id } = await mirrored(t, person.accountId, { status })
    const { rows } = await t.app.pool.query(
      'select is_live from subscriptions where stripe_subscription_id = $1',
      [id],
    )
    expect(rows).toEqual([{ is_live: isLive({ status }) }])
  },
)
