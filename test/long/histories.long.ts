import { expect, test } from 'vitest'
import { playHistories } from '../histories/playHistories.ts'

const count = Number(process.env.HISTORIES ?? 3_000)
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

test(`${count} random histories become what Stripe holds`, async () => {
  const played = await playHistories({ count, seed, say: (line) => console.log(line) })
  console.log(`${played.histories} histories, ${played.events} events, ${played.kills} kills, seed ${seed}`)
  expect(played.wrongBeforeSweep).toEqual([])
  expect(played.wrongAfterSweep).toEqual([])
}, 7_200_000)
