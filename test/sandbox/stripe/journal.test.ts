import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { journalFile } from '../../../sandbox/stripe/engine/journal.ts'
import { startStripe } from './startStripe.ts'

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'frontgate-stripe-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('what Stripe holds, and what a key was answered, outlive the process', async () => {
  const folder = makeFolder()
  const first = await startStripe({ folder })
  const key = { idempotencyKey: 'once' }
  const ada = await first.sdk.customers.create({ name: 'Ada' }, key)
  const { id } = await first.sdk.coupons.create({ percent_off: 10 })
  await first.sdk.coupons.del(id)
  await first.sdk.customers.create({ name: 'Grace' })
  const before = first.stripe.store.contents()
  await first.close()

  const second = await startStripe({ folder })
  expect(second.stripe.store.contents()).toEqual(before)
  expect((await second.sdk.customers.create({ name: 'Ada' }, key)).id).toBe(ada.id)
  expect(second.stripe.store.list('customer')).toHaveLength(2)
})

test('half a last line is cut, and the next change is whole', async () => {
  const folder = makeFolder()
  const first = await startStripe({ folder })
  await first.sdk.customers.create({ name: 'Ada' })
  await first.close()
  const whole = readFileSync(journalFile(folder), 'utf8')
  appendFileSync(journalFile(folder), '[{"kind":"customer","id":"cus_1","object":{"name":"Gr\u00e4')

  const second = await startStripe({ folder })
  expect(readFileSync(journalFile(folder), 'utf8')).toBe(whole)
  await second.sdk.customers.create({ name: 'Grace' })
  await second.close()
  const third = await startStripe({ folder })
  expect(third.stripe.store.list('customer')).toMatchObject([{ name: 'Ada' }, { name: 'Grace' }])
})

test('a line in its middle that is no change is reported', async () => {
  const folder = makeFolder()
  appendFileSync(journalFile(folder), 'nonsense\n[]\n')
  await expect(startStripe({ folder })).rejects.toThrow(/stripe\.jsonl holds a line that is no change/)
})

test('history is left behind at the start, in the same order', async () => {
  const folder = makeFolder()
  const first = await startStripe({ folder })
  const { store } = first.stripe
  await first.sdk.customers.create({ name: 'Ada' })
  await first.sdk.customers.create({ name: 'Grace' })
  const [ada] = store.list('customer')
  if (!ada || ada.deleted) throw new Error('There is no customer')
  for (let round = 0; round < 1_000; round++) {
    store.change(() => store.put('customer', { ...ada, description: `round ${round}` }))
  }
  const before = store.contents()
  await first.close()
  const size = statSync(journalFile(folder)).size

  const second = await startStripe({ folder })
  expect(statSync(journalFile(folder)).size).toBeLessThan(size / 2)
  expect(second.stripe.store.contents()).toEqual(before)
  await second.close()
  expect((await startStripe({ folder })).stripe.store.contents()).toEqual(before)
})

test('a change that fails leaves nothing behind', async () => {
  const { stripe, sdk } = await startStripe()
  await sdk.customers.create({ name: 'Ada' })
  await sdk.customers.create({ name: 'Grace' })
  const before = stripe.store.contents()
  const failing = () =>
    stripe.store.change(() => {
      const world = stripe.at()
      const [ada] = stripe.store.list('customer')
      if (ada) stripe.store.remove('customer', ada.id)
      stripe.store.change(() =>
        stripe.store.put('customer', { id: 'cus_x', object: 'customer', deleted: true }),
      )
      world.emit('customer.deleted', 'customer', { id: 'cus_x', object: 'customer', deleted: true })
      throw new Error('halfway')
    })
  expect(failing).toThrow('halfway')
  expect(stripe.store.contents()).toEqual(before)
})
