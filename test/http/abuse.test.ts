import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { aftermath } from '../fuzz/aftermath.ts'
import { sayOddBytes } from '../fuzz/connections.ts'
import { flood } from '../fuzz/floods.ts'
import { playRequests } from '../fuzz/play.ts'
import { openStage, type Stage } from '../fuzz/stage.ts'
import { TEMPLATE } from '../support/globalSetup.ts'
import { createScratchDatabase, dropScratchDatabase } from '../support/scratchPostgres.ts'

// A short stretch of what `npm run test:fuzz` does for longer, with clients that are slow and very many connections.
const SEED = 8
const DATABASE = `abuse_${process.pid}`

let stage: Stage
beforeAll(async () => {
  stage = await openStage(await createScratchDatabase(inject('serverUrl'), DATABASE, TEMPLATE))
})
afterAll(async () => {
  await stage.stop()
  await dropScratchDatabase(inject('serverUrl'), DATABASE)
})

test('requests made from the contract are answered in its words, whoever sends them', async () => {
  const { requests, failures } = await playRequests(stage, {
    seed: SEED,
    until: (sent) => sent >= 240,
    say: () => undefined,
  })
  expect(failures).toEqual([])
  expect(requests).toBeGreaterThanOrEqual(240)
})

test('bytes that are no good request are refused as problems, and no second request hides in them', async () => {
  expect(await sayOddBytes(stage)).toEqual([])
})

test('of a flood every request is answered, be it by a refusal', async () => {
  for (const { sent, statuses, failures } of await flood(stage, { each: 60 })) {
    expect(failures).toEqual([])
    expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(sent)
  }
})

test('after all this the service works, holds nothing open, and has logged no address and no secret', async () => {
  expect(await aftermath(stage)).toEqual([])
})
