import { setTimeout as delay } from 'node:timers/promises'
import { drive } from './load.ts'
import { type Person, registerPeople, signInRequest } from './people.ts'
import { type Program, type Running, startProgram } from './programs.ts'
import type { Stage } from './stage.ts'

const AT_REST_AFTER_MS = 2_000
const SIGN_INS_AT_ONCE = 64
const SIGN_IN_SECONDS = 3
const LOOK_EVERY_MS = 50

/** What a start of each takes until the first answer, the service alone beside the least there is. */
export async function timeStarts(stage: Stage): Promise<{ ours: number; limit: number }> {
  return {
    ours: await startMs(stage.serviceProgram()),
    limit: await startMs(stage.limitProgram('fastify-pg')),
  }
}

/** Resident memory in MiB: of both after a rest, and of the service while many sign in at once. */
export async function measureMemory(stage: Stage): Promise<{ ours: number; limit: number; busy: number }> {
  const limit = await startProgram(stage.limitProgram('fastify-pg'))
  const service = await startProgram(stage.serviceProgram())
  try {
    await delay(AT_REST_AFTER_MS)
    const atRest = { ours: service.residentMiB(), limit: limit.residentMiB() }
    return { ...atRest, busy: await mostWhileSigningIn(service) }
  } finally {
    await Promise.all([service.stop(), limit.stop()])
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
  const look = setInterval(() => (most = Math.max(most, service.residentMiB())), LOOK_EVERY_MS)
  await drive({
    port: service.port,
    connections: SIGN_INS_AT_ONCE,
    seconds: SIGN_IN_SECONDS,
    next: (connection) => signInRequest(people[connection] as Person),
  })
  clearInterval(look)
  return most
}
