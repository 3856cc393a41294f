import { exchange } from './exchange.ts'
import type { Stage } from './stage.ts'

/** What a look at the service every now and then has shown. */
export interface Watched {
  looks: number
  failed: number
  slowestMs: number
  mostMiB: number
}

const EVERY_MS = 200
const WITHIN_MS = 10_000
const LOOK = Buffer.from('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')

/** Asks for liveness on a connection of its own, again and again, and measures memory, until it is told to stop. */
export function watch(stage: Stage): () => Promise<Watched> {
  const seen: Watched = { looks: 0, failed: 0, slowestMs: 0, mostMiB: 0 }
  const stopping = Promise.withResolvers<void>()
  let isStopped = false
  const loop = async () => {
    while (!isStopped && stage.isAlive()) {
      const outcome = await exchange(stage.port, LOOK, { within: WITHIN_MS })
      seen.looks++
      seen.slowestMs = Math.max(seen.slowestMs, outcome.ms)
      if (outcome.kind !== 'answered' || outcome.status !== 200) seen.failed++
      if (stage.isAlive()) seen.mostMiB = Math.max(seen.mostMiB, stage.memory().now)
      await Promise.race([stopping.promise, new Promise((resolve) => setTimeout(resolve, EVERY_MS))])
    }
  }
  const looking = loop()
  return async () => {
    isStopped = true
    stopping.resolve()
    await looking
    return seen
  }
}
