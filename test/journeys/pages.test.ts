import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Journey, openJourney } from '../support/journey.ts'

let j: Journey
beforeAll(async () => {
  j = await openJourney('pages')
}, 600_000)
afterAll(() => j?.close())

test.each(['/pricing', '/sign-up', '/sign-in'])('%s takes less than 200 kB to open', async (path) => {
  const page = await j.sitDown()
  const devtools = await page.context().newCDPSession(page)
  let bytes = 0
  await devtools.send('Network.enable')
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await page.goto(path, { waitUntil: 'networkidle' })
  expect(bytes).toBeGreaterThan(20_000)
  expect(bytes).toBeLessThan(200_000)
})
