import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { knownPrices } from '../../src/billing/prices/prices.ts'
import { reconcile } from '../../src/billing/reconcile/reconcile.ts'
import { differences } from './differences.ts'
import { happen, type Step, someHistory } from './history.ts'
import { type Payer, Stage } from './stage.ts'

export interface Played {
  histories: number
  events: number
  kills: number
  /** Accounts that were wrong though nothing was dropped; each says which history and how. */
  wrongBeforeSweep: string[]
  wrongAfterSweep: string[]
}

const AT_ONCE = 25
const FAULTS = [
  'error-after-commit',
  'rate-limit',
  'truncated',
  'late',
  'late',
  'late',
  'late',
  'late',
] as const

/**
 * Plays random histories, many at once, against the real program, while it is killed, Stripe fails and answers late,
 * and events come twice, late, in any order or not at all. In every other batch nothing is dropped, and everything must be
 * right before anything is swept. The same seed plays the same steps; when what happens in between is the machine's.
 */
export async function playHistories({
  count,
  seed,
  say,
}: {
  count: number
  seed: number
  say: (line: string) => void
}): Promise<Played> {
  const stage = await Stage.set()
  const played: Played = { histories: 0, events: 0, kills: 0, wrongBeforeSweep: [], wrongAfterSweep: [] }
  try {
    const stranger = await stage.standIn.sdk.prices.create({
      currency: 'usd',
      unit_amount: 500,
      recurring: { interval: 'month' },
      product_data: { name: 'Not ours' },
    })
    const prices = [...(await knownPrices(stage.app.db)).map(({ priceId }) => priceId), stranger.id]
    const scripts = fc.sample(someHistory, { seed, numRuns: count })
    for (let first = 0; first < count; first += AT_ONCE) {
      const batch = scripts.slice(first, first + AT_ONCE)
      const turn = first / AT_ONCE
      const troubles = { mayDrop: turn % 2 === 1, kills: turn % 4 < 2 }
      await playBatch(stage, batch, prices, troubles, played)
      say(
        `${played.histories} of ${count} histories, ${stage.kills} kills, ${stage.standIn.stripe.store.list('event').length} events`,
      )
    }
    return { ...played, kills: stage.kills, events: stage.standIn.stripe.store.list('event').length }
  } finally {
    await stage.strike()
  }
}

async function playBatch(
  stage: Stage,
  batch: Step[][],
  prices: string[],
  { mayDrop, kills }: { mayDrop: boolean; kills: boolean },
  played: Played,
): Promise<void> {
  const { stripe } = stage.standIn
  const payers = await stage.payers(batch.length, true)
  stripe.deliveries.change({
    duplicate: 0.2,
    reorder: 0.3,
    drop: mayDrop ? 0.3 : 0,
    delay_ms: [0, 200],
    thin: played.histories % 3 === 0 ? 'both' : false,
  })
  const over = new AbortController()
  const trouble = makeTrouble(stage, kills, over.signal)
  await Promise.all(
    payers.map(async (payer, i) => {
      for (const step of batch[i] ?? []) {
        await happen(stage, payer, step, prices)
        await delay(Math.random() * 150)
      }
    }),
  )
  over.abort()
  await trouble
  stripe.faults.clear()
  await stage.rest()
  const describe = async (where: Payer[]) => {
    const wrong = await differences(stage, where)
    return wrong.length === 0
      ? []
      : [`histories ${played.histories} to ${played.histories + batch.length}: ${wrong.join('; ')}`]
  }
  if (!mayDrop) played.wrongBeforeSweep.push(...(await describe(payers)))
  await reconcile(stage.app)
  await stage.rest()
  played.wrongAfterSweep.push(...(await describe(payers)))
  played.histories += batch.length
}

/** Kills the program and breaks Stripe's answers until told to stop. */
async function makeTrouble(stage: Stage, kills: boolean, over: AbortSignal): Promise<void> {
  const { faults } = stage.standIn.stripe
  let round = 0
  while (!over.aborted) {
    await delay(20 + Math.random() * 80)
    const kind = FAULTS[Math.floor(Math.random() * FAULTS.length)] ?? 'late'
    faults.add({
      method: 'GET',
      path: '/v1/subscriptions',
      kind,
      times: 1,
      delay_ms: 50 + Math.random() * 900,
    })
    round++
    if (kills && round % 12 === 5) await stage.crash()
  }
}
