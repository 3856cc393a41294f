import { tokenFor } from './mailedLinks.ts'
import { newNetwork } from './networks.ts'
import { newAddress, PASSWORD, type Person, registerVerified } from './people.ts'
import type { TestApp, TestReply } from './testApp.ts'

/** Somebody who has asked for another address. */
export interface Changing {
  person: Person
  newEmail: string
  /** The token that the new mailbox got. */
  token: string
}

export function requestEmailChange(
  t: TestApp,
  { accessToken: as }: Person,
  email: string,
): Promise<TestReply> {
  return t.call('POST', '/v1/me/email', { as, body: { email, password: PASSWORD }, from: newNetwork() })
}

/** Makes somebody ask for another address, by default somebody verified. */
export async function changing(t: TestApp, person?: Person, newEmail = newAddress('new')): Promise<Changing> {
  const asking = person ?? (await registerVerified(t))
  const reply = await requestEmailChange(t, asking, newEmail)
  if (reply.status !== 202)
    throw new Error(`Asking for another address answered ${reply.status}: ${reply.text}`)
  return { person: asking, newEmail, token: await tokenFor(t, '/confirm-email-change', newEmail) }
}

/** The token that the old mailbox got, which is asked only where it was proved. */
export const oldTokenOf = (t: TestApp, { person }: Changing) =>
  tokenFor(t, '/confirm-email-change', person.email)

export function confirmEmailChange(t: TestApp, token: string): Promise<TestReply> {
  return t.call('POST', '/v1/auth/email/change/confirm', { body: { token } })
}

export function refuseEmailChange(t: TestApp, token: string): Promise<TestReply> {
  return t.call('POST', '/v1/auth/email/change/refuse', { body: { token } })
}

/** Makes somebody whose address has changed from `person.email`; `token` takes that back. */
export async function changedEmail(t: TestApp, person?: Person, newEmail?: string): Promise<Changing> {
  const asked = await changing(t, person, newEmail)
  await confirmEmailChange(t, asked.token)
  const { body } = await confirmEmailChange(t, await oldTokenOf(t, asked))
  if (body.status !== 'changed') throw new Error(`The address did not change: ${JSON.stringify(body)}`)
  return { ...asked, token: await tokenFor(t, '/undo-email-change', asked.person.email) }
}
