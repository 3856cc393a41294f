import { expect, test } from 'vitest'
import { playStorm } from '../histories/playStorm.ts'

test('a storm of events with the process killed in it: nothing lost, nothing twice', async () => {
  const storm = await playStorm({ accounts: 100, eventsPerAccount: 10, kills: 2, readsPerSecond: 200 })
  expect(storm).toMatchObject({ unhandled: 0, wrong: [], twice: [] })
}, 120_000)

test('a burst is two looks at each customer, or one more for each pause that it outlasts, and all keep to the rate', async () => {
  const storm = await playStorm({ accounts: 60, eventsPerAccount: 10, kills: 0, readsPerSecond: 25 })
  expect(storm).toMatchObject({ unhandled: 0, wrong: [], twice: [] })
  expect(storm.mostLooks).toBeLessThanOrEqual(storm.looksAllowed)
  // Turns are a twenty-fifth of a second apart; the last one may have been seen early, or the first one late.
  expect(storm.looksTookSeconds).toBeGreaterThan((storm.looks - 1) / 25 - 1)
}, 120_000)
