import { afterAll, beforeAll, expect, test } from 'vitest'
import { bill, buyer, stateOf, subscriptionOf } from '../support/buyers.ts'
import { newMember } from '../support/invites.ts'
import { PASSWORD, type Person } from '../support/people.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

const quantityOf = async (person: Person) => (await subscriptionOf(t, person)).items.data[0]?.quantity

async function leave(person: Person): Promise<void> {
  const reply = await t.call('DELETE', '/v1/me', { body: { password: PASSWORD }, as: person.accessToken })
  if (reply.status !== 204) throw new Error(`Leaving answered ${reply.status}: ${reply.text}`)
}

test('join and leave', async () => {
  const person = await buyer(t, { plan: 'team' })
  expect(await quantityOf(person)).toBe(1)
  const one = await newMember(t, person)
  await t.flush()
  expect(await quantityOf(person)).toBe(2)
  await leave(one)
  await t.flush()
  expect(await quantityOf(person)).toBe(1)
})
