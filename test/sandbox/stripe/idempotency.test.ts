import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { startStripe } from './startStripe.ts'

const key = { idempotencyKey: 'our-row-1' }

describe('a key', () => {
  test('is answered once more with what it was answered, though the object changed since', async () => {
    const { sdk, stripe } = await startStripe()
    const first = await sdk.customers.create({ name: 'Ada', metadata: { a: '1', b: '2' } }, key)
    await sdk.customers.update(first.id, { name: 'Grace' })
    const again = await sdk.customers.create({ name: 'Ada', metadata: { b: '2', a: '1' } }, key)
    expect(again).toEqual(first)
    expect(again.lastResponse.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': first.lastResponse.requestId,
      'idempotency-key': 'our-row-1',
    })
    expect(first.lastResponse.headers).not.toHaveProperty('idempotent-replayed')
    expect(stripe.store.list('customer')).toHaveLength(1)
    expect(stripe.requests.list().map(({ replayed }) => replayed)).toEqual([false, false, true])
  })

  test('is refused with other parameters or at another path', async () => {
    const { sdk } = await startStripe()
    const { id } = await sdk.customers.create({ name: 'Ada' }, key)
    const other = sdk.customers.create({ name: 'Grace' }, key)
    await expect(other).rejects.toBeInstanceOf(Stripe.errors.StripeIdempotencyError)
    await expect(other).rejects.toThrow('only be used with the same parameters they were first used with')
    const elsewhere = sdk.customers.update(id, { name: 'Ada' }, key)
    await expect(elsewhere).rejects.toThrow(`('/v1/customers/${id}' vs '/v1/customers')`)
  })

  test('protects for a day of the sandbox’s time', async () => {
    const { sdk, pass } = await startStripe()
    const first = await sdk.customers.create({ name: 'Ada' }, key)
    pass(24 * 60 * 60 - 60)
    expect((await sdk.customers.create({ name: 'Ada' }, key)).id).toBe(first.id)
    pass(61)
    const second = await sdk.customers.create({ name: 'Grace' }, key)
    expect(second.id).not.toBe(first.id)
    expect((await sdk.customers.create({ name: 'Grace' }, key)).id).toBe(second.id)
  })

  test('keeps what an operation refused, but not that parameters did not fit', async () => {
    const { sdk } = await startStripe()
    const unfit = { name: 'Ada', colour: 'red' } as Stripe.CustomerCreateParams
    await expect(sdk.customers.create(unfit, key)).rejects.toThrow('Received unknown parameter: colour')
    const { id } = await sdk.customers.create({ name: 'Ada' }, key)
    const attach = () =>
      sdk.paymentMethods.attach('pm_card_chargeDeclined', { customer: id }, { idempotencyKey: 'card' })
    await expect(attach()).rejects.toMatchObject({
      code: 'card_declined',
      headers: { 'idempotency-key': 'card' },
    })
    await expect(attach()).rejects.toMatchObject({
      statusCode: 402,
      headers: { 'idempotent-replayed': 'true' },
    })
  })

  test('means nothing where nothing is made, and is at most 255 characters long', async () => {
    const { sdk } = await startStripe()
    await sdk.customers.list({}, key)
    expect((await sdk.customers.create({ name: 'Ada' }, key)).name).toBe('Ada')
    const long = { idempotencyKey: 'x'.repeat(256) }
    await expect(sdk.customers.create({}, long)).rejects.toMatchObject({ statusCode: 400 })
    await sdk.customers.create({}, { idempotencyKey: 'x'.repeat(255) })
  })

  test('that is still being answered is 409', async () => {
    const { sdk, stripe } = await startStripe()
    stripe.faults.add({ path: '/v1/customers', kind: 'late', times: 1, delay_ms: 200 })
    const slow = sdk.customers.create({ name: 'Ada' }, key)
    await expect.poll(() => stripe.store.list('customer').length, { interval: 5 }).toBe(1)
    await expect(sdk.customers.create({ name: 'Ada' }, key)).rejects.toMatchObject({
      statusCode: 409,
      code: 'idempotency_key_in_use',
    })
    const { id } = await slow
    expect((await sdk.customers.create({ name: 'Ada' }, key)).id).toBe(id)
  })
})
