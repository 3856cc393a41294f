import { sweeps } from '../../src/worker.ts'
import { median } from '../findings.ts'
import type { Size } from './sizes.ts'

const TIMES = 3

/** They ask Stripe, which paces them, and do nothing where there is none. */
const atStripe = ['sweep.reconcile', 'sweep.stripe-operations']

/** How long each sweep takes where it has caught up and finds what a minute brings. */
export const sweepMs = sweeps
  .filter(({ name }) => !atStripe.includes(name))
  .map(({ name, run }) => ({
    what: name,
    async ms({ app }: Size): Promise<number> {
      const took: number[] = []
      for (let time = 0; time <= TIMES; time++) {
        const began = performance.now()
        await run(app, app.now())
        // The first one does what has come together.
        if (time > 0) took.push(performance.now() - began)
      }
      return median(took)
    },
  }))
