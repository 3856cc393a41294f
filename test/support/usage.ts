import { type Person, signIn } from './people.ts'
import type { TestApp, TestReply } from './testApp.ts'

type Caller = Pick<TestApp, 'call'>
type Member = Pick<Person, 'accessToken'>

let count = 0

/** A key that nobody has used in this run. */
export const newKey = () => `piece ${++count} of ${process.pid}`

/** Counts something, under a key of its own unless one is given. */
export function consume(
  t: Caller,
  { accessToken: as }: Member,
  limit: string,
  amount: number,
  key = newKey(),
): Promise<TestReply> {
  return t.call('POST', '/v1/usage/consume', { as, body: { limit, amount, idempotency_key: key } })
}

/** Gives it back. */
export function release(
  t: Caller,
  { accessToken: as }: Member,
  limit: string,
  amount: number,
  key: string,
): Promise<TestReply> {
  return t.call('POST', '/v1/usage/release', { as, body: { limit, amount, idempotency_key: key } })
}

/** Asks whether somebody's account has a feature, or so much more of a limit. */
export function check(t: Caller, { accessToken: as }: Member, body: object): Promise<TestReply> {
  return t.call('POST', '/v1/entitlements/check', { as, body })
}

/** How somebody's account stands with a limit. */
export async function standing(t: Caller, { accessToken: as }: Member, limit: string) {
  const { body } = await t.call('GET', '/v1/entitlements', { as })
  return body.limits[limit]
}

/** The same person with a token that is good at the moved clock. */
export async function again(t: TestApp, person: Person): Promise<Person> {
  const { body } = await signIn(t, person.email)
  return { ...person, accessToken: body.access_token }
}

/** Moves the clock to an instant that is yet to come. */
export function moveTo(t: TestApp, instant: Date | string): Promise<void> {
  return t.advance((new Date(instant).getTime() - t.app.now().getTime()) / 1000)
}
