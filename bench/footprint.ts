import { setTimeout as delay } from 'node:timers/promises'
import { type Finding, median } from './findings.ts'
import { drive } from './load.ts'
import { type Person, registerPeople, signInRequest } from './people.ts'
import { type Program, type Running, startProgram } from './programs.ts'
import type { Rounds } from './rounds.ts'
import type { Stage } from './stage.ts'

const MINIMAL = 'minimal Fastify + pg'
const AT_REST_AFTER_MS = 2_000
const SIGN_INS_AT_ONCE = 64
const SIGN_IN_SECONDS = 3
const LOOK_EVERY_MS = 50

/** How long a start of the service takes until its first answer from the database, beside the least there is. */
export async function compareStarts(stage: Stage, { rounds, say }: Rounds): Promise<Finding> {
  const [ours, limit]: [number[], number[]] = [[], []]
  for (let round = 0; round <= rounds; round++) {
    say(`start ${round} of ${rounds}`)
    const [each, least] = [
      await startMs(stage.serviceProgram()),
      await startMs(stage.limitProgram('fastify-pg')),
    ]
    // The first one fills the compile cache.
    if (round === 0) continue
    ours.push(each)
    limit.push(least)
  }
  return {
    name: 'start',
    path: 'frontgate serve, to its first answer',
    unit: 'ms',
    ours: median(ours),
    limit: { path: MINIMAL, measured: median(limit) },
    value: median(ours.map((each, round) => each / (limit[round] ?? Number.NaN))),
    bound: { atMost: 1.5 },
  }
}

/** Resident memory after a rest, beside the least there is, and while many sign in at once. */
export async function compareMemory(stage: Stage, { say }: Rounds): Promise<Finding[]> {
  say('memory')
  const least = await startProgram(stage.limitProgram('fastify-pg'))
  const service = await startProgram(stage.serviceProgram())
  try {
    await delay(AT_REST_AFTER_MS)
    const [ours, limit] = [service.residentMiB(), least.residentMiB()]
    const most = await mostWhileSigningIn(service)
    return [
      {
        name: 'memory',
        path: 'memory at rest',
        unit: 'MiB',
        ours,
        limit: { path: MINIMAL, measured: limit },
        value: ours / limit,
        bound: { atMost: 1.3 },
      },
      {
        name: 'memory',
        path: `memory at ${SIGN_INS_AT_ONCE} parallel sign-ins`,
        unit: 'MiB',
        ours: most,
        limit: null,
        value: most,
        bound: { atMost: 250 },
      },
    ]
  } finally {
    await Promise.all([service.stop(), least.stop()])
  }
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
