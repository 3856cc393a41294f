import { Secret, TOTP } from 'otpauth'
import { inTx } from '../../src/db/transaction.ts'
import { type OperatorRole, systemCaller } from '../../src/http/actor.ts'
import { addOperator } from '../../src/operators/addOperator.ts'
import { findOperator } from '../../src/operators/findOperator.ts'
import { removeOperator } from '../../src/operators/removeOperator.ts'
import { Authenticator } from './authenticator.ts'
import { tokenFor } from './mailedLinks.ts'
import { newNetwork } from './networks.ts'
import { newAddress } from './people.ts'
import type { TestApp, TestReply } from './testApp.ts'

/** Makes somebody new an operator, and returns their address. */
export async function newOperator(t: TestApp, role: OperatorRole = 'admin'): Promise<string> {
  const email = newAddress('staff')
  await inTx(t.app, (tx) => addOperator(tx, systemCaller, { email, role }, t.app.now()))
  return email
}

/** The id of somebody new who is an operator, and no admin. */
export async function operatorId(t: TestApp, role: OperatorRole = 'read'): Promise<string> {
  const { id } = await inTx(t.app, (tx) =>
    addOperator(tx, systemCaller, { email: newAddress('staff'), role }, t.app.now()),
  )
  return id
}

/** Makes an address an operator, once more where it was one. */
export async function appoint(t: TestApp, email: string): Promise<void> {
  await inTx(t.app, (tx) => addOperator(tx, systemCaller, { email }, t.app.now()))
}

/** Removes an operator, as the command line does. */
export async function dismiss(t: TestApp, email: string): Promise<void> {
  await inTx(t.app, async (tx) => {
    const known = await findOperator(tx, email)
    if (!known) throw new Error(`${email} is no operator`)
    await removeOperator(tx, systemCaller, { id: known.id, reason: 'Left the company' }, t.app.now())
  })
}

/** Asks for a link that signs in; each call comes from a network of its own. */
export function askForLink(t: TestApp, email: string): Promise<TestReply> {
  return t.call('POST', '/v1/operator/auth/link', { body: { email }, from: newNetwork() })
}

/** The token of the link that an operator is mailed, a new one unless the address is given. */
export async function operatorLink(t: TestApp, email?: string): Promise<string> {
  const address = email ?? (await newOperator(t))
  await askForLink(t, address)
  return tokenFor(t, '/operator/sign-in', address)
}

/** Signs an operator in, a new one unless the address is given. */
export async function signInOperator(t: TestApp, email?: string): Promise<TestReply> {
  const token = await operatorLink(t, email)
  const reply = await t.call('POST', '/v1/operator/auth/sign-in', { body: { token } })
  if (reply.status !== 200) throw new Error(`Signing in answered ${reply.status}: ${reply.text}`)
  return reply
}

/** An operator with an authenticator app, signed in; the code that confirmed it is a step old. */
export interface Protected {
  email: string
  id: string
  secret: string
  recoveryCodes: string[]
  accessToken: string
  cookies: Record<string, string>
}

const STEP_SECONDS = 30
const factors = '/v1/operator/auth/factors'

/** Signs an operator in, a new one unless the address is given, and sets their authenticator app up. */
export async function protectedOperator(t: TestApp, address?: string): Promise<Protected> {
  const email = address ?? (await newOperator(t))
  const { body, cookies } = await signInOperator(t, email)
  const as = body.access_token
  const { body: offer } = await t.call('POST', `${factors}/totp`, { as })
  const confirmed = await t.call('POST', `${factors}/totp/confirm`, {
    as,
    body: { code: totpCode(t, offer.secret) },
  })
  if (confirmed.status !== 200) throw new Error(`Confirming answered ${confirmed.status}: ${confirmed.text}`)
  t.moveClock(STEP_SECONDS)
  const { id } = body.operator
  const { recovery_codes: recoveryCodes } = confirmed.body
  return { email, id, secret: offer.secret, recoveryCodes, accessToken: as, cookies }
}

/** What an authenticator app shows now. */
export function totpCode(t: TestApp, secret: string): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: t.app.now().getTime() })
}

/** Follows a mailed link of an operator who has a second factor, and returns the refusal that asks for it. */
export async function askedForFactor(t: TestApp, email: string): Promise<TestReply> {
  const reply = await t.call('POST', '/v1/operator/auth/sign-in', {
    body: { token: await operatorLink(t, email) },
  })
  if (reply.status !== 401) throw new Error(`Following the link answered ${reply.status}: ${reply.text}`)
  return reply
}

/** Sends a challenge with a proof. */
export function proveOperator(
  t: TestApp,
  challenge: string,
  proof: Record<string, unknown>,
): Promise<TestReply> {
  return t.call('POST', '/v1/operator/auth/second-factor', { body: { challenge, ...proof } })
}

/** A passkey that a browser made for an operator, as it is sent to be added. */
export async function newPasskey(t: TestApp, as: string, key = new Authenticator(t.app.config.publicUrl)) {
  const { body: options } = await t.call('POST', `${factors}/passkeys/options`, { as })
  return { name: 'Key at the desk', response: { ...key.create(options) } }
}
