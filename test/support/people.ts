import { type OperatorRole, systemCaller } from '../../src/http/actor.ts'
import type { TestApp, TestReply } from './testApp.ts'

export const PASSWORD = 'correct horse battery staple'
let count = 0

/** An address nobody has used in this run. */
export function newAddress(word = 'ada'): string {
  return `${word}-${++count}-${process.pid}@customer.example`
}

export interface Person {
  email: string
  userId: string
  accountId: string
  accessToken: string
  refreshToken: string
  /** Cookies of the registration's reply: the remembered device. */
  cookies: Record<string, string>
}

/** Registers somebody new, as a client that keeps its refresh token itself. */
export async function register(t: TestApp, fields: Record<string, unknown> = {}): Promise<Person> {
  const email = String(fields.email ?? newAddress())
  const body = { email, password: PASSWORD, token_delivery: 'body', ...fields }
  const reply = await t.call('POST', '/v1/auth/register', { body })
  if (reply.status !== 201) throw new Error(`Registering answered ${reply.status}: ${reply.text}`)
  return personFrom(email, reply)
}

/** Registers somebody and has them click the mailed link. */
export async function registerVerified(t: TestApp, fields: Record<string, unknown> = {}): Promise<Person> {
  const person = await register(t, fields)
  const token = await mailedToken(t, person.email)
  const reply = await t.call('POST', '/v1/auth/email/verify', { body: { token } })
  if (reply.status !== 200) throw new Error(`Verifying answered ${reply.status}: ${reply.text}`)
  return person
}

/** Signs somebody in and returns the reply. */
export function signIn(
  t: TestApp,
  email: string,
  password = PASSWORD,
  from = '127.0.0.1',
): Promise<TestReply> {
  return t.call('POST', '/v1/auth/login', { body: { email, password, token_delivery: 'body' }, from })
}

/** The token of the newest mail to an address that carries one. */
export async function mailedToken(t: TestApp, email: string): Promise<string> {
  for (const mail of await t.mailsTo(email)) {
    for (const link of mail.links) {
      const token = new URL(link).searchParams.get('token')
      if (token) return token
    }
  }
  throw new Error(`No mail to ${email} carries a token`)
}

/** An access token of an operator, who may everything unless the role is given. */
export async function operatorToken(t: TestApp, role: OperatorRole = 'admin'): Promise<string> {
  const { addOperator } = await import('../../src/operators/addOperator.ts')
  const { inTx } = await import('../../src/db/transaction.ts')
  const { id } = await inTx(t.app, (tx) =>
    addOperator(tx, systemCaller, { email: `${role}@frontgate.example`, role }, t.app.now()),
  )
  return t.access.tokens.issueToOperator(id, t.app.now())
}

/** Whom a reply with tokens, delivered in its body, is about. */
export function personFrom(email: string, { body, cookies }: TestReply): Person {
  return {
    email,
    userId: body.user.id,
    accountId: body.account.id,
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
    cookies,
  }
}
