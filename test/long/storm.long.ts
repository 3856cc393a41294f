import { expect, test } from 'vitest'
import { playStorm } from '../histories/playStorm.ts'

test('10,000 events for 1,000 accounts, with the process killed five times', async () => {
  const storm = await playStorm({ accounts: 1_000, eventsPerAccount: 10, kills: 5, readsPerSecond: 200 })
  console.log(
    `${storm.events} events in ${storm.seconds.toFixed(1)} s, ${storm.mostLooks} looks at most at one customer`,
  )
  expect(storm).toMatchObject({ unhandled: 0, wrong: [], twice: [] })
}, 600_000)

test('10,000 events for 1,000 accounts at 25 reads a second: two looks at most at each', async () => {
  const storm = await playStorm({ accounts: 1_000, eventsPerAccount: 10, kills: 0, readsPerSecond: 25 })
  console.log(
    `${storm.events} events in ${storm.seconds.toFixed(1)} s, ${storm.mostLooks} looks at most, ${storm.looks} looks in ${storm.looksTookSeconds.toFixed(1)} s`,
  )
  expect(storm).toMatchObject({ unhandled: 0, wrong: [], twice: [] })
  expect(storm.mostLooks).toBeLessThanOrEqual(storm.looksAllowed)
  expect(storm.looksTookSeconds).toBeGreaterThan((storm.looks - 1) / 25 - 1)
}, 600_000)
