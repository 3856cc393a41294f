import { randomUUID } from 'node:crypto'
import { drive, type Measured, type Next, request } from './load.ts'
import { credentials, newAddress, type Person, registerPeople, signInRequest } from './people.ts'
import type { Running } from './programs.ts'
import type { Stage } from './stage.ts'

/** One side of a contest, measured for so many seconds. */
export type Turn = (seconds: number) => Promise<Measured>

/** Makes the tokens of one turn: they live for ten minutes, which a long run is longer than. */
export type Tokens = (seconds: number) => Promise<string[]>

const CONNECTIONS = 16
const MOST_NEW_TOKENS_PER_SECOND = 12_000

/** Requests of one kind, as many as the server answers. */
export function load(server: Running, next: Next, connections = CONNECTIONS): Turn {
  return (seconds) => drive({ server, connections, seconds, next })
}

/** Registrations of people who were never here. */
export function signUps(service: Running): Turn {
  return load(service, () => request('POST', '/v1/auth/register', { body: credentials(newAddress()) }))
}

/** Sign-ins of people in turn: enough of them that nobody's oldest session has to end. */
export function signIns(service: Running, people: Pick<Person, 'email'>[]): Turn {
  let turn = 0
  return load(service, () => signInRequest(people[turn++ % people.length] as { email: string }))
}

/**
 * A chain of refreshes for each of the tokens of a turn, one after another on each connection. They are asked for anew
 * each time: an old token would end its session.
 */
export function refreshes(service: Running, refreshTokens: () => Promise<string[]>): Turn {
  return async (seconds) => {
    const tokens = await refreshTokens()
    let turn = 0
    const asked: number[] = []
    return load(service, (connection, lastBody) => {
      if (lastBody) tokens[asked[connection] ?? 0] = JSON.parse(lastBody).refresh_token
      asked[connection] = nextOf(connection, turn++, tokens.length)
      const body = JSON.stringify({ refresh_token: tokens[asked[connection]] })
      return request('POST', '/v1/auth/refresh', { body })
    })(seconds)
  }
}

/** No two connections ever send the same token: each has those whose number it is the rest of. */
function nextOf(connection: number, turn: number, howMany: number): number {
  const each = Math.floor(howMany / CONNECTIONS)
  return (Math.floor(turn / CONNECTIONS) % each) * CONNECTIONS + connection
}

/** The refresh tokens of people who have just registered, one for each connection. */
export function newcomers(service: Running): () => Promise<string[]> {
  return async () => (await registerPeople(service, CONNECTIONS)).map(({ refreshToken }) => refreshToken)
}

/** Units consumed by the accounts of these tokens in turn, each time under a key of its own. */
export function consumptions(service: Running, tokens: Tokens): Turn {
  return async (seconds) => {
    const each = await tokens(seconds)
    let turn = 0
    return load(service, () => {
      const body = JSON.stringify({ limit: 'kb_conversions', amount: 1, idempotency_key: randomUUID() })
      return request('POST', '/v1/usage/consume', { body, token: each[turn++ % each.length] ?? '' })
    })(seconds)
  }
}

/** The same read with each token in turn. */
export function reads(server: Running, path: string, tokens: Tokens, connections = CONNECTIONS): Turn {
  return async (seconds) => {
    const each = await tokens(seconds)
    let turn = 0
    const next: Next = () => request('GET', path, { token: each[turn++ % each.length] ?? '' })
    return load(server, next, connections)(seconds)
  }
}

/** One token for each person, used over and over. */
export function sameTokens(stage: Pick<Stage, 'mint'>, people: Pick<Person, 'claims'>[]): Tokens {
  return () => Promise.all(people.map(({ claims }) => stage.mint(claims)))
}

const nothing = { source: null, until: null, reason: null }

/**
 * Tokens that have never been seen: each says something else of a plan, which only products read. So many `sides`, asked
 * one after another, get the same ones: they are new to each of them.
 */
export function newTokens(
  stage: Pick<Stage, 'mint'>,
  people: Pick<Person, 'claims'>[],
  { sides = 2, perSecond = MOST_NEW_TOKENS_PER_SECOND } = {},
): Tokens {
  let minted = 0
  let turns = 0
  let tokens: string[] = []
  return async (seconds) => {
    if (turns++ % sides !== 0) return tokens
    tokens = []
    while (tokens.length < perSecond * (seconds + 0.5)) {
      const { claims } = people[++minted % people.length] as Person
      tokens.push(await stage.mint({ ...claims, ent: { plan: `plan-${minted}`, ...nothing } }))
    }
    return tokens
  }
}
