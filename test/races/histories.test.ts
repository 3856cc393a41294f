import { expect, test } from 'vitest'
import { playHistories } from '../histories/playHistories.ts'

test('whatever happens at Stripe and to us, our rows become what Stripe holds', async () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  const played = await playHistories({ count: Number(process.env.HISTORIES ?? 100), seed, say: () => {} })
  console.log(`${played.histories} histories, ${played.events} events, ${played.kills} kills, seed ${seed}`)
  expect(played.wrongBeforeSweep).toEqual([])
  expect(played.wrongAfterSweep).toEqual([])
  expect(played.kills).toBeGreaterThan(0)
}, 120_000)
