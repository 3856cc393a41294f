import type { FastifyInstance } from 'fastify'
import type { Clock } from '../clock.ts'
import type { Parts } from '../parts.ts'
import { Refusal } from '../refusal.ts'
import { bringJobsForward, Unsettled } from '../settle.ts'
import { passTimeAtStripe } from '../settleStripe.ts'

const PATIENCE_MS = 60_000
const DAY = 24 * 60 * 60
const MOST_STEPS = 400

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

/** Goes there day by day: who arrives at once would find a trial over whose reminder was never due. */
async function advance(parts: Parts, seconds: number): Promise<void> {
  const { app, clock, sweeps, stopping } = parts
  const patience = AbortSignal.any([AbortSignal.timeout(PATIENCE_MS), stopping])
  checkReach(clock, seconds)
  let left = seconds
  try {
    // What was due before is done before.
    await passTimeAtStripe(parts, 0, [], patience)
    while (left > 0) {
      const step = Math.min(left, Math.max(DAY, Math.ceil(seconds / MOST_STEPS)))
      clock.advance(step)
      left -= step
      await bringJobsForward(app, step)
      await passTimeAtStripe(parts, step, sweeps, patience)
    }
  } catch (error) {
    if (left > 0) clock.advance(left)
    if (!(error instanceof Unsettled)) throw error
    throw new Refusal(504, 'The clock has moved, but not everything has settled', error.message)
  }
}

function checkReach(clock: Clock, seconds: number): void {
  try {
    clock.check(seconds)
  } catch (error) {
    throw new Refusal(422, 'The clock cannot go there', (error as RangeError).message)
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
