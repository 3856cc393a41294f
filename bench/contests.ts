import { eventRequest } from './events.ts'
import type { Bound } from './findings.ts'
import { request } from './load.ts'
import { liftLimits, PASSWORD, registerCrowd, registerPeople } from './people.ts'
import type { Stage } from './stage.ts'
import {
  consumptions,
  load,
  newcomers,
  newTokens,
  reads,
  refreshes,
  sameTokens,
  signIns,
  signUps,
  type Turn,
} from './turns.ts'

/** A path of the service beside what it is held against: both are measured in turn, several times over. */
export interface Contest {
  name: string
  path: string
  against: string
  /** `atLeast` is a multiple of the other's requests per second, `atMost` of its p50. */
  bound: Bound
  /** Brings about what both sides need, and returns how to measure each of them for a while. */
  prepare: (stage: Stage) => Promise<Sides>
}

export interface Sides {
  ours: Turn
  limit: Turn
}

export const STATE = '/v1/billing/state'
export const FORWARD_AUTH = '/v1/forward-auth?require=plan:pro'
export const READERS = 4
/** Enough for a few thousand sign-ins before anybody's oldest session has to end. */
export const SIGNERS_IN = 200
const PEOPLE = 16
// More sessions than are read within the second for which one is remembered.
const CROWD = 5_000

/** All paths that have a limit: the least that a server must do for it. */
export const contests: Contest[] = [
  {
    name: 'register',
    path: 'POST /v1/auth/register',
    against: 'Fastify + argon2id',
    bound: { atLeast: 0.9 },
    prepare: async (stage) => ({
      ours: signUps(await stage.service()),
      limit: load(await stage.limit('argon2-hash'), passwordRequest),
    }),
  },
  {
    name: 'sign-in',
    path: 'POST /v1/auth/login',
    against: 'Fastify + argon2id',
    bound: { atLeast: 0.95 },
    async prepare(stage) {
      const service = await stage.service()
      return {
        ours: signIns(service, await registerPeople(service, SIGNERS_IN)),
        limit: load(await stage.limit('argon2-verify'), passwordRequest),
      }
    },
  },
  {
    name: 'refresh',
    path: 'POST /v1/auth/refresh',
    against: 'Fastify + one write',
    bound: { atLeast: 0.8 },
    async prepare(stage) {
      const service = await stage.service()
      return { ours: refreshes(service, newcomers(service)), limit: await writes(stage) }
    },
  },
  {
    name: 'consume',
    path: 'POST /v1/usage/consume',
    against: 'Fastify + one write',
    bound: { atLeast: 0.8 },
    async prepare(stage) {
      const service = await stage.service()
      // Each connection counts in an account of its own, as the limit writes into a row of its own.
      const people = await registerPeople(service, PEOPLE)
      await liftLimits(stage, people)
      return { ours: consumptions(service, sameTokens(stage, people)), limit: await writes(stage) }
    },
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
      const signIn = signIns(service, await registerPeople(service, SIGNERS_IN))
      const read = reads(service, STATE, sameTokens(stage, await registerPeople(service, READERS)), READERS)
      return { ours: meanwhile(read, signIn), limit: read }
    },
  },
]

/** What one costs while the other goes on beside it. */
export function meanwhile(measured: Turn, beside: Turn): Turn {
  return async (seconds) => (await Promise.all([measured(seconds), beside(seconds)]))[0]
}

function readContests(name: string, path: string): Contest[] {
  const bound = { atLeast: 0.75 }
  const prepare = (limit: string, tokensOf: typeof sameTokens) => async (stage: Stage) => {
    const service = await stage.service()
    const tokens = tokensOf(stage, await registerPeople(service, PEOPLE))
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

async function writes(stage: Stage): Promise<Turn> {
  return load(await stage.limit('write'), (id) => request('POST', '/', { body: JSON.stringify({ id }) }))
}

const passwordRequest = () => request('POST', '/', { body: JSON.stringify({ password: PASSWORD }) })
