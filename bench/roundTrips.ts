import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Counts, startCountingProxy } from './countingProxy.ts'
import { eventRequest } from './events.ts'
import type { Finding } from './findings.ts'
import { credentials, newAddress } from './people.ts'
import { startProgram } from './programs.ts'
import type { Rounds } from './rounds.ts'
import type { Stage } from './stage.ts'

// Longer than what is remembered of a session stays fresh.
const COLD_AFTER_MS = 1_000
const TIMES = 5

/** Counts on the wire what each operation sends to PostgreSQL, one request at a time. */
export async function countRoundTrips(stage: Stage, { say }: Rounds): Promise<Finding[]> {
  const proxy = await startCountingProxy(stage.databaseUrl)
  const service = await startProgram(stage.serviceProgram({ DATABASE_URL: proxy.url }))
  try {
    const visitor = visitorOf(`http://127.0.0.1:${service.port}`)
    const operations: [string, number, () => Promise<void>][] = [
      ['registration', 4, visitor.register],
      ['sign-in', 3, visitor.signIn],
      ['refresh', 1, visitor.refresh],
      ['billing state, cold', 1, visitor.readStateCold],
      ['billing state, warm', 0, visitor.readState],
      ['forward-auth, warm', 0, visitor.forwardAuth],
      ['consume', 1, visitor.consume],
      ['webhook', 1, () => deliverEvent(service.port)],
    ]
    const findings: Finding[] = []
    for (const [operation, atMost, perform] of operations) {
      say(`round trips: ${operation}`)
      findings.push(findingOf(operation, atMost, await countOf(proxy.take, perform)))
    }
    return findings
  } finally {
    await service.stop()
    proxy.close()
  }
}

async function deliverEvent(port: number): Promise<void> {
  const [head = '', body = ''] = eventRequest('/').split('\r\n\r\n')
  const signature = /stripe-signature: (.*)/.exec(head)?.[1] ?? ''
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature }
  const reply = await fetch(`http://127.0.0.1:${port}/v1/webhooks/stripe`, { method: 'POST', headers, body })
  if (!reply.ok) throw new Error(`The webhook answered ${reply.status}`)
}

function findingOf(operation: string, atMost: number, { roundTrips, statements }: Counts): Finding {
  return {
    name: 'round-trips',
    path: `${operation} (${statements} statements)`,
    unit: 'round trips',
    ours: roundTrips,
    limit: null,
    value: roundTrips,
    bound: { atMost },
  }
}

/** The least of several: now and then the service reads its signing keys anew, or is slow to send. */
async function countOf(take: () => Counts, perform: () => Promise<void>): Promise<Counts> {
  const counted: Counts[] = []
  // The first time opens connections and prepares statements.
  for (let time = 0; time <= TIMES; time++) {
    take()
    await perform()
    if (time > 0) counted.push(take())
  }
  return {
    roundTrips: Math.min(...counted.map(({ roundTrips }) => roundTrips)),
    statements: Math.min(...counted.map(({ statements }) => statements)),
  }
}

function visitorOf(origin: string) {
  let [email, accessToken, refreshToken] = ['', '', '']
  async function call(path: string, body?: string) {
    const reply = await fetch(`${origin}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
      ...(body && { body }),
    })
    if (!reply.ok) throw new Error(`${path} answered ${reply.status}: ${await reply.text()}`)
    return reply
  }
  async function enter(path: string, body: string) {
    const tokens = (await (await call(path, body)).json()) as { access_token: string; refresh_token: string }
    accessToken = tokens.access_token
    refreshToken = tokens.refresh_token
  }
  return {
    async register() {
      email = newAddress()
      await enter('/v1/auth/register', credentials(email))
    },
    signIn: () => enter('/v1/auth/login', credentials(email)),
    refresh: () => enter('/v1/auth/refresh', JSON.stringify({ refresh_token: refreshToken })),
    async readStateCold() {
      await delay(COLD_AFTER_MS)
      await call('/v1/billing/state')
    },
    readState: async () => void (await call('/v1/billing/state')),
    async consume() {
      const body = { limit: 'kb_conversions', amount: 1, idempotency_key: randomUUID() }
      await call('/v1/usage/consume', JSON.stringify(body))
    },
    forwardAuth: async () => void (await call('/v1/forward-auth?require=plan:pro')),
  }
}
