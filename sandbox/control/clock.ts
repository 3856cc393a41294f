import type { FastifyInstance } from 'fastify'
import type { Parts } from '../parts.ts'
import { Refusal } from '../refusal.ts'
import { bringJobsForward, settle, Unsettled } from '../settle.ts'

const PATIENCE_MS = 60_000

/** GET /clock and POST /clock/advance, which answers once everything it set off has settled. */
export function clockRoutes(server: FastifyInstance, parts: Parts): void {
  const { clock } = parts
  server.get('/clock', async () => ({ now: clock.now() }))

  const advanceInTurn = oneAfterAnother((seconds: number) => advance(parts, seconds))
  const body = {
    type: 'object',
    additionalProperties: false,
    required: ['seconds'],
    properties: { seconds: { type: 'number', exclusiveMinimum: 0 } },
  }
  server.post<{ Body: { seconds: number } }>('/clock/advance', { schema: { body } }, async (request) => {
    await advanceInTurn(request.body.seconds)
    return { now: clock.now() }
  })
}

async function advance({ app, clock, sweeps, stopping }: Parts, seconds: number): Promise<void> {
  try {
    clock.advance(seconds)
    await bringJobsForward(app, seconds)
    await settle(app, sweeps, AbortSignal.any([AbortSignal.timeout(PATIENCE_MS), stopping]))
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(422, 'The clock cannot go there', error.message)
    if (error instanceof Unsettled) {
      throw new Refusal(504, 'The clock has moved, but not everything has settled', error.message)
    }
    throw error
  }
}

/** Two moves at once would each wait for what the other set off. */
function oneAfterAnother<T>(work: (input: T) => Promise<void>): (input: T) => Promise<void> {
  let last = Promise.resolve()
  return (input) => {
    const next = last.then(() => work(input))
    last = next.catch(() => undefined)
    return next
  }
}
