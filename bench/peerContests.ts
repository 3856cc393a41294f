import { type Contest, FORWARD_AUTH, meanwhile, READERS, SIGNERS_IN, STATE } from './contests.ts'
import { eventRequest } from './events.ts'
import { request } from './load.ts'
import { type PeerPerson, peerCredentials, registerAtPeer } from './peer.ts'
import { newAddress, registerPeople } from './people.ts'
import type { Running } from './programs.ts'
import type { Stage } from './stage.ts'
import { load, reads, sameTokens, signIns, signUps, type Turn } from './turns.ts'

const PEOPLE = 16

/**
 * What both do, beside better-auth and its Stripe plugin in production settings. We are to be clearly ahead: twice as fast
 * where a hash or a commit is most of the work, or the peer asks no database either; ten times where we answer from memory.
 */
export const peerContests: Contest[] = [
  {
    name: 'peer-sign-up',
    path: 'POST /v1/auth/register',
    against: 'better-auth: sign-up',
    bound: { atLeast: 2 },
    prepare: async (stage) => ({
      ours: signUps(await stage.service()),
      limit: load(await stage.peer.running(), () =>
        request('POST', '/api/auth/sign-up/email', { body: peerCredentials(newAddress()) }),
      ),
    }),
  },
  {
    name: 'peer-sign-in',
    path: 'POST /v1/auth/login',
    against: 'better-auth: sign-in',
    bound: { atLeast: 2 },
    async prepare(stage) {
      const service = await stage.service()
      return {
        ours: signIns(service, await registerPeople(service, SIGNERS_IN)),
        limit: await peerSignIns(stage),
      }
    },
  },
  readContest('peer-session', STATE, 'better-auth: get-session over HTTP', async (stage) =>
    peerReads(await stage.peer.running(), await peopleAt(stage), () => '/api/auth/get-session'),
  ),
  readContest(
    'peer-session-api',
    FORWARD_AUTH,
    'better-auth: auth.api.getSession in Fastify',
    async (stage) => peerReads(await stage.peer.running(), await peopleAt(stage), () => '/session'),
  ),
  readContest('peer-session-cached', FORWARD_AUTH, 'better-auth: get-session, cookie cache', async (stage) =>
    peerReads(
      await stage.peer.running('cached'),
      await peopleAt(stage, 'cached'),
      () => '/api/auth/get-session',
    ),
  ),
  readContest(
    'peer-session-cached-api',
    FORWARD_AUTH,
    'better-auth: auth.api, cookie cache',
    async (stage) =>
      peerReads(await stage.peer.running('cached'), await peopleAt(stage, 'cached'), () => '/session'),
    2,
  ),
  readContest('peer-subscriptions', STATE, 'better-auth: list subscriptions', async (stage) =>
    peerReads(
      await stage.peer.running(),
      await peopleAt(stage),
      ({ organizationId }) =>
        `/api/auth/subscription/list?customerType=organization&referenceId=${organizationId}`,
    ),
  ),
  readContest('peer-subscriptions-api', STATE, 'better-auth: auth.api, list subscriptions', async (stage) =>
    peerReads(
      await stage.peer.running(),
      await peopleAt(stage),
      ({ organizationId }) => `/subscriptions?of=${organizationId}`,
    ),
  ),
  {
    name: 'peer-webhook',
    path: 'POST /v1/webhooks/stripe',
    against: 'better-auth: webhook',
    bound: { atLeast: 2 },
    prepare: async (stage) => ({
      ours: load(await stage.service(), () => eventRequest('/v1/webhooks/stripe')),
      limit: load(await stage.peer.running(), () => eventRequest('/api/auth/stripe/webhook')),
    }),
  },
  {
    name: 'peer-reads-while-hashing',
    path: `GET ${STATE}, p50 with 16 sign-ins in flight`,
    against: 'better-auth: get-session, the same',
    bound: { atMost: 0.1 },
    async prepare(stage) {
      const service = await stage.service()
      const peer = await stage.peer.running()
      const signIn = signIns(service, await registerPeople(service, SIGNERS_IN))
      const read = reads(service, STATE, sameTokens(stage, await registerPeople(service, READERS)), READERS)
      const peerRead = peerReads(peer, await peopleAt(stage), () => '/api/auth/get-session', READERS)
      return { ours: meanwhile(read, signIn), limit: meanwhile(peerRead, await peerSignIns(stage)) }
    },
  },
  {
    name: 'peer-slowed-by-hashing',
    path: 'better-auth: get-session, p50 with 16 sign-ins in flight',
    against: 'its p50 alone',
    bound: null,
    async prepare(stage) {
      const peer = await stage.peer.running()
      const read = peerReads(peer, await peopleAt(stage), () => '/api/auth/get-session', READERS)
      return { ours: meanwhile(read, await peerSignIns(stage)), limit: read }
    },
  },
]

function readContest(
  name: string,
  path: string,
  against: string,
  limit: (stage: Stage) => Promise<Turn>,
  atLeast = 10,
): Contest {
  return {
    name,
    path: `GET ${path}`,
    against,
    bound: { atLeast },
    async prepare(stage) {
      const service = await stage.service()
      const tokens = sameTokens(stage, await registerPeople(service, PEOPLE))
      return { ours: reads(service, path, tokens), limit: await limit(stage) }
    },
  }
}

const known = new WeakMap<Running, Promise<PeerPerson[]>>()

/** People at the peer, signed up once: that takes it a while. */
async function peopleAt(stage: Stage, which?: 'cached'): Promise<PeerPerson[]> {
  const peer = await stage.peer.running(which)
  const people = known.get(peer) ?? registerAtPeer(peer, await stage.peer.databaseUrl(), PEOPLE)
  known.set(peer, people)
  return people
}

async function peerSignIns(stage: Stage): Promise<Turn> {
  const people = await peopleAt(stage)
  let turn = 0
  return load(await stage.peer.running(), () => {
    const body = peerCredentials(people[turn++ % people.length]?.email ?? '')
    return request('POST', '/api/auth/sign-in/email', { body })
  })
}

function peerReads(
  peer: Running,
  people: PeerPerson[],
  pathFor: (person: PeerPerson) => string,
  connections?: number,
): Turn {
  const requests = people.map((person) =>
    request('GET', pathFor(person), { headers: { cookie: person.cookie } }),
  )
  let turn = 0
  return load(peer, () => requests[turn++ % requests.length] ?? '', connections)
}
