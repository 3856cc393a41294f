import { inTx } from '../../src/db/transaction.ts'
import { systemCaller } from '../../src/http/actor.ts'
import { addOperator } from '../../src/operators/addOperator.ts'
import { tokenFor } from './mailedLinks.ts'
import { newNetwork } from './networks.ts'
import { newAddress } from './people.ts'
import type { TestApp, TestReply } from './testApp.ts'

/** Makes somebody new an operator, and returns their address. */
export async function newOperator(t: TestApp): Promise<string> {
  const email = newAddress('staff')
  await inTx(t.app, (tx) => addOperator(tx, systemCaller, email, t.app.now()))
  return email
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
