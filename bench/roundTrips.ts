import { setTimeout as delay } from 'node:timers/promises'
import { type Counts, startCountingProxy } from './countingProxy.ts'
import { credentials, newAddress } from './people.ts'
import { startProgram } from './programs.ts'
import type { Stage } from './stage.ts'

/** What an operation asks of the database, and how many round trips it may take. */
export interface OperationCost extends Counts {
  operation: string
  atMost: number
}

// Longer than what is remembered of a session stays fresh.
const COLD_AFTER_MS = 1_000
const TIMES = 5

/** Counts on the wire what each operation sends to PostgreSQL, one request at a time. */
export async function countRoundTrips(stage: Stage, started: AsyncDisposableStack): Promise<OperationCost[]> {
  const proxy = await startCountingProxy(stage.databaseUrl)
  started.defer(() => proxy.close())
  const service = await startProgram(stage.serviceProgram({ DATABASE_URL: proxy.url }))
  started.defer(() => service.stop())
  const visitor = visitorOf(`http://127.0.0.1:${service.port}`)
  const costs: OperationCost[] = []
  const operations: [string, number, () => Promise<void>][] = [
    ['registration', 4, visitor.register],
    ['sign-in', 3, visitor.signIn],
    ['refresh', 1, visitor.refresh],
    ['billing state, cold', 1, visitor.readStateCold],
    ['billing state, warm', 0, visitor.readState],
    ['forward-auth, warm', 0, visitor.forwardAuth],
  ]
  for (const [operation, atMost, perform] of operations) {
    costs.push({ operation, atMost, ...(await countOf(proxy.take, perform)) })
  }
  return costs
}

/** The middle of several: now and then the service reads its signing keys anew. */
async function countOf(take: () => Counts, perform: () => Promise<void>): Promise<Counts> {
  const counted: Counts[] = []
  // The first time opens connections and prepares statements.
  for (let time = 0; time <= TIMES; time++) {
    take()
    await perform()
    if (time > 0) counted.push(take())
  }
  counted.sort((a, b) => a.statements - b.statements)
  return counted[Math.floor(TIMES / 2)] as Counts
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
    const tokens = await (await call(path, body)).json()
    ;({ access_token: accessToken, refresh_token: refreshToken } = tokens as Record<string, string>)
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
    forwardAuth: async () => void (await call('/v1/forward-auth?require=plan:pro')),
  }
}
