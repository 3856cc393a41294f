import { setTimeout as delay } from 'node:timers/promises'
import { dial } from './connections.ts'
import { exchange } from './exchange.ts'
import { faultsOf } from './judge.ts'
import type { Failure } from './play.ts'
import type { Stage } from './stage.ts'

export interface Flooded {
  name: string
  sent: number
  statuses: Map<number | string, number>
  failures: Failure[]
}

const WITHIN_MS = 60_000

/** A post with these fields, as if from a network of its own. */
function post(path: string, body: object, turn: number): Buffer {
  const text = JSON.stringify(body)
  const from = `10.${(turn >> 16) & 255}.${(turn >> 8) & 255}.${turn & 255}`
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: ${from}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
}

const kinds: { name: string; bytes: (stage: Stage, turn: number) => Buffer }[] = [
  {
    name: 'sign-ins with wrong passwords, from everywhere',
    bytes: (_stage, turn) =>
      post('/v1/auth/login', { email: `nobody-${turn}@customer.example`, password: 'guess' }, turn),
  },
  {
    name: 'sign-ins as one user, from everywhere',
    bytes: (stage, turn) =>
      post('/v1/auth/login', { email: stage.at('email'), password: `guess ${turn}` }, turn),
  },
  {
    name: 'sign-ins from one network',
    bytes: (_stage, turn) =>
      post('/v1/auth/login', { email: `nobody-${turn}@customer.example`, password: 'guess' }, 7),
  },
  {
    name: 'registrations',
    bytes: (_stage, turn) =>
      post(
        '/v1/auth/register',
        { email: `flood-${turn}@customer.example`, password: 'correct horse battery staple' },
        turn,
      ),
  },
  {
    name: 'forgotten passwords',
    bytes: (stage, turn) => post('/v1/auth/password/forgot', { email: stage.at('email') }, turn),
  },
  {
    name: 'tokens that nobody signed',
    bytes: (_stage, turn) =>
      Buffer.from(
        `GET /v1/billing/state HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer fg_${String(turn).padStart(43, 'x')}\r\n\r\n`,
      ),
  },
]

/** Sends many requests of each kind, all at once. Each is answered, be it by a refusal. */
export async function flood(stage: Stage, { each }: { each: number }): Promise<Flooded[]> {
  const outcomes: Flooded[] = []
  for (const [k, { name, bytes }] of kinds.entries()) {
    const flooded: Flooded = { name, sent: each, statuses: new Map(), failures: [] }
    await Promise.all(
      Array.from({ length: each }, async (_, i) => {
        const sent = bytes(stage, (k + 1) * 100_000 + i)
        const outcome = await exchange(stage.port, sent, { within: WITHIN_MS })
        const key = outcome.kind === 'answered' ? outcome.status : outcome.kind
        flooded.statuses.set(key, (flooded.statuses.get(key) ?? 0) + 1)
        const faults = faultsOf(outcome, { method: 'POST' })
        if (faults.length > 0 && flooded.failures.length < 3)
          flooded.failures.push({ what: sent.toString(), faults, answer: outcome.raw.slice(0, 800) })
      }),
    )
    outcomes.push(flooded)
  }
  return outcomes
}

/** Opens very many connections that say nothing, looks whether a request is answered beside them, and lets them go. */
export async function crowd(stage: Stage, { connections }: { connections: number }): Promise<Flooded> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => dial(stage.port)))
  const open = sockets.filter((socket) => !socket.destroyed).length
  const outcome = await exchange(
    stage.port,
    Buffer.from('GET /v1/plans HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
  )
  const faults = faultsOf(outcome, { method: 'GET' })
  for (const socket of sockets) socket.destroy()
  await delay(0)
  const failures = faults.map((fault) => ({
    what: 'GET /v1/plans',
    faults: [fault],
    answer: outcome.raw.slice(0, 800),
  }))
  return {
    name: 'connections that say nothing',
    sent: connections,
    statuses: new Map([['open', open]]),
    failures,
  }
}
