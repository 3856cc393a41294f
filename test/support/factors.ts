import { Secret, TOTP } from 'otpauth'
import { Authenticator } from './authenticator.ts'
import { type Person, registerVerified, signIn } from './people.ts'
import type { TestApp, TestReply } from './testApp.ts'

/** Somebody with an authenticator app, which was added in the device of the cookies. */
export interface Holder extends Person {
  secret: string
  recoveryCodes: string[]
}

/** The code that an authenticator app shows now, or so many seconds from now. */
export function codeOf(t: TestApp, secret: string, seconds = 0): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) })
  return totp.generate({ timestamp: t.app.now().getTime() + seconds * 1000 })
}

/** The next code: the one that was used before is void. */
export function nextCode(t: TestApp, { secret }: { secret: string }): string {
  t.moveClock(30)
  return codeOf(t, secret)
}

/** Adds an authenticator app, and returns what the reply had. */
export async function addTotp(
  t: TestApp,
  { accessToken: as }: Pick<Person, 'accessToken'>,
): Promise<{ secret: string; recoveryCodes: string[]; cookies: Record<string, string> }> {
  const offer = await t.call('POST', '/v1/me/factors/totp', { as })
  if (offer.status !== 200) throw new Error(`Offering answered ${offer.status}: ${offer.text}`)
  const { secret } = offer.body
  const reply = await t.call('POST', '/v1/me/factors/totp/confirm', { as, body: { code: codeOf(t, secret) } })
  if (reply.status !== 200) throw new Error(`Confirming answered ${reply.status}: ${reply.text}`)
  return { secret, recoveryCodes: reply.body.recovery_codes ?? [], cookies: reply.cookies }
}

/** Somebody new with a verified mailbox and an authenticator app. */
export async function registerWithTotp(t: TestApp, fields: Record<string, unknown> = {}): Promise<Holder> {
  const person = await registerVerified(t, fields)
  return { ...person, ...(await addTotp(t, person)) }
}

/** Adds a passkey. */
export async function addPasskey(
  t: TestApp,
  { accessToken: as }: Pick<Person, 'accessToken'>,
  key = new Authenticator(t.app.config.publicUrl),
): Promise<{ key: Authenticator; reply: TestReply }> {
  const { body } = await t.call('POST', '/v1/me/factors/passkeys/options', { as })
  const passkey = { name: 'A key', response: key.create(body) }
  return { key, reply: await t.call('POST', '/v1/me/factors/passkeys', { as, body: passkey }) }
}

/** Takes the first step, and returns what asks for the second. */
export async function firstStep(t: TestApp, { email }: Pick<Person, 'email'>): Promise<TestReply['body']> {
  const { status, body, text } = await signIn(t, email)
  if (status !== 401 || body.code !== 'second-factor-required') throw new Error(`Signing in answered ${text}`)
  return body
}

/** Takes the second step. */
export function secondStep(t: TestApp, challenge: string, proof: object): Promise<TestReply> {
  return t.call('POST', '/v1/auth/second-factor', { body: { challenge, token_delivery: 'body', ...proof } })
}

/** Has somebody who knows the password guess codes, five in each sign-in. */
export async function guess(t: TestApp, person: Pick<Person, 'email'>, times: number): Promise<void> {
  for (let done = 0; done < times; done += 5) {
    const { challenge } = await firstStep(t, person)
    for (let i = done; i < Math.min(times, done + 5); i++) {
      const { status, text } = await secondStep(t, challenge, { code: '000000' })
      if (status !== 401) throw new Error(`A wrong code was answered ${status}: ${text}`)
    }
  }
}

/** Signs a holder in with the next code of their app. */
export async function signInWithTotp(t: TestApp, holder: Holder): Promise<TestReply> {
  const { challenge } = await firstStep(t, holder)
  return secondStep(t, challenge, { code: nextCode(t, holder) })
}

/** Has the account of an owner ask its members for a second factor, or not. */
export function requireFactor(t: TestApp, as: string, isRequired = true): Promise<TestReply> {
  return t.call('PATCH', '/v1/accounts/me', { as, body: { requires_second_factor: isRequired } })
}
