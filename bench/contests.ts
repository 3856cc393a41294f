import { drive, type Measured, type Next, request } from './load.ts'
import {
  credentials,
  newAddress,
  PASSWORD,
  type Person,
  registerCrowd,
  registerPeople,
  signInRequest,
} from './people.ts'
import type { Stage } from './stage.ts'

/** A path of the service beside its limit: both are measured in turn, several times over. */
export interface Contest {
  name: string
  path: string
  against: string
  /** `perSecond` should be at least this share of the limit's; `p50` at most this multiple of it. */
  bound: { atLeast: number } | { atMost: number }
  /** Brings about what both sides need, and returns how to measure each of them for a while. */
  prepare: (stage: Stage) => Promise<Sides>
}

export interface Sides {
  ours: (seconds: number) => Promise<Measured>
  limit: (seconds: number) => Promise<Measured>
}

const CONNECTIONS = 16
const READERS = 4
const STATE = '/v1/billing/state'
const FORWARD_AUTH = '/v1/forward-auth?require=plan:pro'
// More sessions than are read within the second for which one is remembered.
const CROWD = 5_000
// More tokens than one run can use up are not made: a new batch is, before each turn.
const NEW_TOKENS_PER_SECOND = 12_000

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
      limit: load(await stage.limit('argon2-hash'), hashRequest),
    }),
  },
  {
    name: 'sign-in',
    path: 'POST /v1/auth/login',
    against: 'Fastify + argon2id',
    bound: { atLeast: 0.95 },
    prepare: async (stage) => ({
      ours: load(await stage.service(), await signIns(stage)),
      limit: load(await stage.limit('argon2-verify'), hashRequest),
    }),
  },
  {
    name: 'refresh',
    path: 'POST /v1/auth/refresh',
    against: 'Fastify + one write',
    bound: { atLeast: 0.8 },
    prepare: async (stage) => ({
      ours: async (seconds) => load(await stage.service(), await refreshes(stage))(seconds),
      limit: load(await stage.limit('write'), (id) => request('POST', '/', { body: JSON.stringify({ id }) })),
    }),
  },
  ...[STATE, FORWARD_AUTH].flatMap((path): Contest[] => {
    const short = path === STATE ? 'state' : 'forward-auth'
    return [
      {
        name: short,
        path: `GET ${path}`,
        against: 'Fastify + cached token',
        bound: { atLeast: 0.75 },
        prepare: async (stage) => {
          const tokens = await mintFor(stage, await registerPeople(await stage.service(), CONNECTIONS))
          return {
            ours: load(await stage.service(), (i) => request('GET', path, { token: tokens[i] ?? '' })),
            limit: load(await stage.limit('cached-token'), (i) =>
              request('GET', '/', { token: tokens[i] ?? '' }),
            ),
          }
        },
      },
      {
        name: `${short}-new-token`,
        path: `GET ${path}, new token`,
        against: 'Fastify + EdDSA',
        bound: { atLeast: 0.75 },
        prepare: async (stage) =>
          withNewTokens(stage, path, 'eddsa', await registerPeople(await stage.service(), CONNECTIONS)),
      },
    ]
  }),
  {
    name: 'state-cold',
    path: `GET ${STATE}, new token, cold account`,
    against: 'Fastify + EdDSA + one SELECT',
    bound: { atLeast: 0.75 },
    prepare: async (stage) => withNewTokens(stage, STATE, 'eddsa-select', await registerCrowd(stage, CROWD)),
  },
  {
    name: 'state-while-hashing',
    path: `GET ${STATE}, p50 with 16 hashes in flight`,
    against: 'its p50 alone',
    bound: { atMost: 2.5 },
    prepare: async (stage) => {
      const service = await stage.service()
      const signIn = load(service, await signIns(stage))
      const tokens = await mintFor(stage, await registerPeople(service, READERS))
      const read = load(service, (i) => request('GET', STATE, { token: tokens[i] ?? '' }), READERS)
      return {
        ours: async (seconds) => (await Promise.all([read(seconds), signIn(seconds)]))[0],
        limit: read,
      }
    },
  },
]

function load({ port }: { port: number }, next: Next, connections = CONNECTIONS) {
  return (seconds: number) => drive({ port, connections, seconds, next })
}

const hashRequest: Next = () => request('POST', '/', { body: JSON.stringify({ password: PASSWORD }) })

/** Sign-ins of more people than the limit of sessions per user would notice. */
async function signIns(stage: Stage): Promise<Next> {
  const people = await registerPeople(await stage.service(), 200)
  let turn = 0
  return () => signInRequest(people[turn++ % people.length] as Person)
}

/** A chain of refreshes for each connection, new each time: an old token would end its session. */
async function refreshes(stage: Stage): Promise<Next> {
  const people = await registerPeople(await stage.service(), CONNECTIONS)
  const current = people.map(({ refreshToken }) => refreshToken)
  return (connection, lastBody) => {
    if (lastBody) current[connection] = JSON.parse(lastBody).refresh_token
    return request('POST', '/v1/auth/refresh', {
      body: JSON.stringify({ refresh_token: current[connection] }),
    })
  }
}

function mintFor(stage: Stage, people: Person[]): Promise<string[]> {
  return Promise.all(people.map(({ claims }) => stage.mint(claims)))
}

/** Tokens that have never been seen: each says something else of a plan, which only products read. */
async function withNewTokens(stage: Stage, path: string, limit: string, people: Person[]): Promise<Sides> {
  const [ours, theirs] = [await stage.service(), await stage.limit(limit)]
  let minted = 0
  let person = 0
  const side = (port: number, to: string) => async (seconds: number) => {
    const tokens: string[] = []
    while (tokens.length < NEW_TOKENS_PER_SECOND * (seconds + 0.5)) {
      const { claims } = people[person++ % people.length] as Person
      tokens.push(
        await stage.mint({ ...claims, ent: { plan: `plan-${++minted}`, source: null, until: null } }),
      )
    }
    let turn = 0
    const next: Next = () => request('GET', to, { token: tokens[turn++] ?? '' })
    return drive({ port, connections: CONNECTIONS, seconds, next })
  }
  return { ours: side(ours.port, path), limit: side(theirs.port, '/') }
}
