import { setTimeout as delay } from 'node:timers/promises'
import { type Finding, median } from './findings.ts'
import { drive } from './load.ts'
import { type Person, registerPeople, signInRequest } from './people.ts'
import { type Program, type Running, startProgram } from './programs.ts'
import type { Rounds } from './rounds.ts'
import type { Stage } from './stage.ts'

const MINIMAL = 'minimal Fastify + pg'
const PEER = 'better-auth in Fastify'
const AT_REST_AFTER_MS = 2_000
const SIGN_INS_AT_ONCE = 64
const SIGN_IN_SECONDS = 3
const LOOK_EVERY_MS = 50

/** How long a start of the service takes until its first answer from the database, beside the least there is and the peer. */
export async function compareStarts(stage: Stage, { rounds, say }: Rounds): Promise<Finding[]> {
  const [ours, limit, peer]: [number[], number[], number[]] = [[], [], []]
  const peerProgram = await stage.peer.program()
  for (let round = 0; round <= rounds; round++) {
    say(`start ${round} of ${rounds}`)
    const each = await startMs(stage.serviceProgram())
    const least = await startMs(stage.limitProgram('fastify-pg'))
    const theirs = await startMs(peerProgram)
    // The first one fills the compile cache.
    if (round === 0) continue
    ours.push(each)
    limit.push(least)
    peer.push(theirs)
  }
  const against = (name: string, path: string, others: number[], atMost: number): Finding => ({
    name,
    path: 'frontgate serve, to its first answer',
    unit: 'ms',
    ours: median(ours),
    limit: { path, measured: median(others) },
    value: median(ours.map((each, round) => each / (others[round] ?? Number.NaN))),
    bound: { atMost },
  })
  return [against('start', MINIMAL, limit, 1.5), against('peer-start', PEER, peer, 1)]
}

/** Resident memory after a rest, beside the least there is and the peer, and while many sign in at once. */
export async function compareMemory(stage: Stage, { say }: Rounds): Promise<Finding[]> {
  say('memory')
  await using running = new AsyncDisposableStack()
  const start = async (program: Program) => {
    const each = await startProgram(program)
    running.defer(() => each.stop())
    return each
  }
  const least = await start(stage.limitProgram('fastify-pg'))
  const peer = await start(await stage.peer.program())
  const service = await start(stage.serviceProgram())
  await delay(AT_REST_AFTER_MS)
  const ours = service.residentMiB()
  const against = (name: string, path: string, measured: number, atMost: number): Finding => ({
    name,
    path: 'memory at rest',
    unit: 'MiB',
    ours,
    limit: { path, measured },
    value: ours / measured,
    bound: { atMost },
  })
  const atRest = [
    against('memory', MINIMAL, least.residentMiB(), 1.3),
    against('peer-memory', PEER, peer.residentMiB(), 1),
  ]
  const most = await mostWhileSigningIn(service)
  const path = `memory at ${SIGN_INS_AT_ONCE} parallel sign-ins`
  const busy: Finding = {
    name: 'memory',
    path,
    unit: 'MiB',
    ours: most,
    limit: null,
    value: most,
    bound: { atMost: 250 },
  }
  return [...atRest, busy]
}

async function startMs(program: Program): Promise<number> {
  const running = await startProgram(program)
  await running.stop()
  return running.startMs
}

async function mostWhileSigningIn(service: Running): Promise<number> {
  const people = await registerPeople(service, SIGN_INS_AT_ONCE)
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, service.residentMiB())
  }, LOOK_EVERY_MS)
  await drive({
    server: service,
    connections: SIGN_INS_AT_ONCE,
    seconds: SIGN_IN_SECONDS,
    next: (connection) => signInRequest(people[connection] as Person),
  })
  clearInterval(look)
  return most
}
