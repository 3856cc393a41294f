import { randomUUID } from 'node:crypto'
import { eventRequest } from './events.ts'
import type { Bound } from './findings.ts'
import { drive, type Measured, type Next, request } from './load.ts'
import {
  credentials,
  liftLimits,
  newAddress,
  PASSWORD,
  type Person,
  registerCrowd,
  registerPeople,
  signInRequest,
} from './people.ts'
import type { Running } from './programs.ts'
import type { Stage } from './stage.ts'

/** A path of the service beside its limit: both are measured in turn, several times over. */
export interface Contest {
  name: string
  path: string
  against: string
  /** `atLeast` is a share of the limit's requests per second, `atMost` a multiple of its p50. */
  bound: Bound
  /** Brings about what both sides need, and returns how to measure each of them for a while. */
  prepare: (stage: Stage) => Promise<Sides>
}

export interface Sides {
  ours: Turn
  limit: Turn
}

type Turn = (seconds: number) => Promise<Measured>

const CONNECTIONS = 16
const READERS = 4
const STATE = '/v1/billing/state'
const FORWARD_AUTH = '/v1/forward-auth?require=plan:pro'
// Enough for a few thousand sign-ins before anybody's oldest session has to end.
const SIGNERS_IN = 200
// More sessions than are read within the second for which one is remembered.
const CROWD = 5_000
const MOST_NEW_TOKENS_PER_SECOND = 12_000

/** All paths that have a limit. */
export const contests: Contest[] = [
  {
    name: 'register',
    path: 'POST /v1/auth/register',
    against: 'Fastify + argon2id',
    bound: { atLeast: 0.9 },
    prepare: async (stage) => ({
      ours: load(await stage.service(), () =>
        request('POST', '/v1/auth/register', { body: credentials(newAddress()) }),
      ),
      limit: load(await stage.limit('argon2-hash'), passwordRequest),
    }),
  },
  {
    name: 'sign-in',
    path: 'POST /v1/auth/login',
    against: 'Fastify + argon2id',
    bound: { atLeast: 0.95 },
    prepare: async (stage) => ({
      ours: await signIns(stage),
      limit: load(await stage.limit('argon2-verify'), passwordRequest),
    }),
  },
  {
    name: 'refresh',
    path: 'POST /v1/auth/refresh',
    against: 'Fastify + one write',
    bound: { atLeast: 0.8 },
    prepare: async (stage) => ({
      ours: await refreshes(stage),
      limit: load(await stage.limit('write'), (id) => request('POST', '/', { body: JSON.stringify({ id }) })),
    }),
  },
  {
    name: 'consume',
    path: 'POST /v1/usage/consume',
    against: 'Fastify + one write',
    bound: { atLeast: 0.8 },
    prepare: async (stage) => ({
      ours: await consumptions(stage),
      limit: load(await stage.limit('write'), (id) => request('POST', '/', { body: JSON.stringify({ id }) })),
    }),
  },
  {
    name: 'webhook',
    path: 'POST /v1/webhooks/stripe',
    against: 'Fastify + signature + one statement',
    bound: { atLeast: 0.8 },
    prepare: async (stage) => ({
      ours: load(await stage.service(), () => eventRequest('/v1/webhooks/stripe')),
      limit: load(await stage.limit('signed-write'), () => eventRequest('/')),
    }),
  },
  ...readContests('state', STATE),
  ...readContests('forward-auth', FORWARD_AUTH),
  {
    name: 'state-cold',
    path: `GET ${STATE}, new token, cold account`,
    against: 'Fastify + EdDSA + one SELECT',
    bound: { atLeast: 0.75 },
    async prepare(stage) {
      const tokens = newTokens(stage, await registerCrowd(stage, CROWD))
      return {
        ours: reads(await stage.service(), STATE, tokens),
        limit: reads(await stage.limit('eddsa-select'), '/', tokens),
      }
    },
  },
  {
    name: 'state-while-hashing',
    path: `GET ${STATE}, p50 with 16 hashes in flight`,
    against: 'its p50 alone',
    bound: { atMost: 2.5 },
    async prepare(stage) {
      const service = await stage.service()
      const signIn = await signIns(stage)
      const read = reads(service, STATE, sameTokens(stage, await registerPeople(service, READERS)), READERS)
      return {
        ours: async (seconds) => (await Promise.all([read(seconds), signIn(seconds)]))[0],
        limit: read,
      }
    },
  },
]

function readContests(name: string, path: string): Contest[] {
  const bound = { atLeast: 0.75 }
  const prepare = (limit: string, tokensOf: typeof sameTokens) => async (stage: Stage) => {
    const service = await stage.service()
    const tokens = tokensOf(stage, await registerPeople(service, CONNECTIONS))
    return { ours: reads(service, path, tokens), limit: reads(await stage.limit(limit), '/', tokens) }
  }
  return [
    {
      name,
      path: `GET ${path}`,
      against: 'Fastify + cached token',
      bound,
      prepare: prepare('cached-token', sameTokens),
    },
    {
      name: `${name}-new-token`,
      path: `GET ${path}, new token`,
      against: 'Fastify + EdDSA',
      bound,
      prepare: prepare('eddsa', newTokens),
    },
  ]
}

function load(server: Running, next: Next, connections = CONNECTIONS): Turn {
  return (seconds) => drive({ server, connections, seconds, next })
}

const passwordRequest: Next = () => request('POST', '/', { body: JSON.stringify({ password: PASSWORD }) })

async function signIns(stage: Stage): Promise<Turn> {
  const service = await stage.service()
  const people = await registerPeople(service, SIGNERS_IN)
  let turn = 0
  return load(service, () => signInRequest(people[turn++ % people.length] as Person))
}

/** A chain of refreshes for each connection, begun anew each time: an old token would end its session. */
async function refreshes(stage: Stage): Promise<Turn> {
  const service = await stage.service()
  return async (seconds) => {
    const people = await registerPeople(service, CONNECTIONS)
    const current = people.map(({ refreshToken }) => refreshToken)
    return load(service, (connection, lastBody) => {
      if (lastBody) current[connection] = JSON.parse(lastBody).refresh_token
      const body = JSON.stringify({ refresh_token: current[connection] })
      return request('POST', '/v1/auth/refresh', { body })
    })(seconds)
  }
}

/** Each connection counts in an account of its own, as the limit writes into a row of its own. */
async function consumptions(stage: Stage): Promise<Turn> {
  const service = await stage.service()
  const people = await registerPeople(service, CONNECTIONS)
  await liftLimits(stage, people)
  const tokensOf = sameTokens(stage, people)
  return async (seconds) => {
    const tokens = await tokensOf(seconds)
    return load(service, (connection) => {
      const body = JSON.stringify({ limit: 'kb_conversions', amount: 1, idempotency_key: randomUUID() })
      return request('POST', '/v1/usage/consume', { body, token: tokens[connection] ?? '' })
    })(seconds)
  }
}

/** Makes the tokens of one turn of `seconds`: they live for ten minutes, which a long run is longer than. */
type Tokens = (seconds: number) => Promise<string[]>

function reads(server: Running, path: string, tokens: Tokens, connections = CONNECTIONS): Turn {
  return async (seconds) => {
    const each = await tokens(seconds)
    let turn = 0
    const next: Next = () => request('GET', path, { token: each[turn++ % each.length] ?? '' })
    return load(server, next, connections)(seconds)
  }
}

/** One token for each person, used over and over. */
function sameTokens(stage: Stage, people: Person[]): Tokens {
  return () => Promise.all(people.map(({ claims }) => stage.mint(claims)))
}

const nothing = { source: null, until: null, reason: null }

/** Tokens that have never been seen: each says something else of a plan, which only products read. */
function newTokens(stage: Stage, people: Person[]): Tokens {
  let minted = 0
  let turns = 0
  let tokens: string[] = []
  return async (seconds) => {
    // The two sides of a round get the same ones, which are new to both.
    if (turns++ % 2 === 1) return tokens
    tokens = []
    while (tokens.length < MOST_NEW_TOKENS_PER_SECOND * (seconds + 0.5)) {
      const { claims } = people[++minted % people.length] as Person
      tokens.push(await stage.mint({ ...claims, ent: { plan: `plan-${minted}`, ...nothing } }))
    }
    return tokens
  }
}
