import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { UserClaims } from '../src/access/accessTokens.ts'
import { request } from './load.ts'
import { type Running, startProgram } from './programs.ts'
import type { Stage } from './stage.ts'

/** The password of everybody here. */
export const PASSWORD = 'correct horse battery staple'

const AT_ONCE = 16
// On a machine that is busy with something else, preparing may take longer; it is not what is measured.
const TRIES = 20
const BUSY_MS = 1_000

/** Settings for hashes that cost next to nothing, so that nothing hides behind them. */
export const QUICK_HASHES = { ARGON2_MEMORY_KIB: '1024', ARGON2_PASSES: '1' }

/** Somebody who has registered. */
export interface Person {
  email: string
  refreshToken: string
  claims: UserClaims
}

const run = Date.now().toString(36)
let count = 0

/** An address nobody has used, in this run or before. */
export function newAddress(): string {
  return `ada-${run}-${++count}@customer.example`
}

/** What registers somebody new, or signs in who has registered, and answers with the refresh token too. */
export function credentials(email: string): string {
  return JSON.stringify({ email, password: PASSWORD, token_delivery: 'body' })
}

/** A sign-in as it goes over the wire. */
export function signInRequest({ email }: Pick<Person, 'email'>): string {
  return request('POST', '/v1/auth/login', { body: credentials(email) })
}

/** Registers people at the service, a few at a time. */
export async function registerPeople({ port }: Running, howMany: number): Promise<Person[]> {
  const people: Person[] = []
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (people.length < howMany) people.push(await registerPerson(port))
    }),
  )
  return people.slice(0, howMany)
}

/** Registers many at a service whose hashes cost next to nothing: good for everything but signing in. */
export async function registerCrowd(stage: Stage, howMany: number): Promise<Person[]> {
  const service = await startProgram(stage.serviceProgram(QUICK_HASHES))
  try {
    return await registerPeople(service, howMany)
  } finally {
    await service.stop()
  }
}

/** Lets the accounts of these people use as much as they like. */
export async function liftLimits({ databaseUrl }: Stage, people: Person[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(
      `insert into account_limits (account_id, name, amount, reason, set_by, set_at)
       select unnest($1::uuid[]), 'kb_conversions', null, 'bench', 'bench', now()`,
      [people.map(({ claims }) => claims.account_id)],
    )
  } finally {
    await client.end()
  }
}

async function registerPerson(port: number, triesLeft = TRIES): Promise<Person> {
  const email = newAddress()
  const reply = await fetch(`http://127.0.0.1:${port}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'bench' },
    body: credentials(email),
  })
  if (reply.status === 503 && triesLeft > 0) {
    await delay(BUSY_MS)
    return registerPerson(port, triesLeft - 1)
  }
  if (!reply.ok) throw new Error(`Registering answered ${reply.status}: ${await reply.text()}`)
  const tokens = (await reply.json()) as { access_token: string; refresh_token: string }
  return { email, refreshToken: tokens.refresh_token, claims: claimsOf(tokens.access_token) }
}

function claimsOf(accessToken: string): UserClaims {
  const { sub, sid, account_id, role, email_verified, verification_grace_ends_at, ent } = JSON.parse(
    Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString(),
  )
  return { sub, sid, account_id, role, email_verified, verification_grace_ends_at, ent }
}
