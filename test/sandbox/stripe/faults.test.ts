import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { startStripe } from './startStripe.ts'

const key = { idempotencyKey: 'our-row-1' }

describe('a fault', () => {
  test('error-after-commit: 500, and a retry with the key finds the work done', async () => {
    const { sdk, stripe } = await startStripe()
    stripe.faults.add({ method: 'POST', path: '/v1/customers', kind: 'error-after-commit', times: 1 })
    const failed = sdk.customers.create({ name: 'Ada' }, key)
    await expect(failed).rejects.toBeInstanceOf(Stripe.errors.StripeAPIError)
    await expect(failed).rejects.toMatchObject({ statusCode: 500, rawType: 'api_error' })
    expect(stripe.store.list('customer')).toHaveLength(1)
    const { id } = await sdk.customers.create({ name: 'Ada' }, key)
    expect(stripe.store.list('customer')).toMatchObject([{ id }])
  })

  test('is outlived by the SDK’s own retry', async () => {
    const { client, stripe } = await startStripe()
    stripe.faults.add({ path: '/v1/customers', kind: 'error-after-commit', times: 1 })
    const { id } = await client({ maxNetworkRetries: 1 }).customers.create({ name: 'Ada' })
    expect(stripe.store.list('customer')).toMatchObject([{ id }])
  })

  test('timeout-after-commit: no answer at all, but the work is done', async () => {
    const { client, stripe, sdk } = await startStripe()
    stripe.faults.add({ path: '/v1/customers', kind: 'timeout-after-commit', times: 1 })
    // Closed connections are retried once in any case: https://github.com/stripe/stripe-node#network-retries
    const impatient = client({ timeout: 50 }).customers.create({ name: 'Ada' }, key)
    await impatient.catch((error: unknown) =>
      expect(error).toBeInstanceOf(Stripe.errors.StripeConnectionError),
    )
    expect(stripe.store.list('customer')).toHaveLength(1)
    expect(stripe.requests.list()[0]).toMatchObject({ status: null, fault: 'timeout-after-commit' })
    const { id } = await sdk.customers.create({ name: 'Ada' }, key)
    expect(stripe.store.list('customer')).toMatchObject([{ id }])
  })

  test('rate-limit: 429 with the reason, and nothing done', async () => {
    const { sdk, stripe } = await startStripe()
    stripe.faults.add({ path: '/v1/customers', kind: 'rate-limit', times: 1 })
    const limited = sdk.customers.create({ name: 'Ada' }, key)
    await expect(limited).rejects.toBeInstanceOf(Stripe.errors.StripeRateLimitError)
    await expect(limited).rejects.toMatchObject({
      code: 'rate_limit',
      headers: { 'stripe-rate-limited-reason': 'endpoint-rate' },
    })
    expect(stripe.store.list('customer')).toEqual([])
    await sdk.customers.create({ name: 'Ada' }, key)
    expect(stripe.store.list('customer')).toHaveLength(1)
  })

  test('truncated: the connection ends within the body, and the work is done', async () => {
    const { sdk, stripe } = await startStripe()
    stripe.faults.add({ path: '/v1/customers', kind: 'truncated', times: 2 })
    await expect(sdk.customers.create({ name: 'Ada' }, key)).rejects.toBeInstanceOf(
      Stripe.errors.StripeConnectionError,
    )
    stripe.faults.clear()
    const { id } = await sdk.customers.create({ name: 'Ada' }, key)
    expect(stripe.store.list('customer')).toMatchObject([{ id }])
  })

  test('late: what was true when it was asked arrives after what was asked later', async () => {
    const { sdk, stripe } = await startStripe()
    const { id } = await sdk.customers.create({ name: 'Ada' })
    stripe.faults.add({ method: 'GET', path: '/v1/customers/:id', kind: 'late', times: 1, delay_ms: 100 })
    const arrived: (string | null | undefined)[] = []
    const early = sdk.customers
      .retrieve(id)
      .then((customer) => arrived.push((customer as Stripe.Customer).name))
    await expect.poll(() => stripe.requests.list().length, { interval: 5 }).toBe(2)
    await sdk.customers.update(id, { name: 'Grace' })
    arrived.push(((await sdk.customers.retrieve(id)) as Stripe.Customer).name)
    await early
    expect(arrived).toEqual(['Grace', 'Ada'])
  })
})

describe('a fault fits', () => {
  test.each([
    ['/v1/customers', undefined, 1],
    ['/v1/customers/:id', undefined, 1],
    ['/v1/customers/*', undefined, 2],
    ['/v1/*', 'get', 2],
    ['/v1/products', undefined, 0],
  ])('%s with the method %s', async (path, method, hits) => {
    const { sdk, stripe } = await startStripe()
    const { id } = await sdk.customers.create({})
    stripe.faults.add({ path, kind: 'rate-limit', times: 5, ...(method && { method }) })
    const outcomes = await Promise.allSettled([sdk.customers.list(), sdk.customers.retrieve(id)])
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(hits)
    expect(stripe.faults.list()).toMatchObject([{ times: 5 - hits }])
  })

  test('as often as it says, the oldest first', async () => {
    const { sdk, stripe } = await startStripe()
    stripe.faults.add({ path: '/v1/customers', kind: 'rate-limit', times: 2 })
    stripe.faults.add({ path: '/v1/customers', kind: 'error-after-commit', times: 1 })
    const statuses: unknown[] = []
    for (let call = 0; call < 4; call++) {
      await sdk.customers.list().then(
        () => statuses.push(200),
        (error: Stripe.errors.StripeError) => statuses.push(error.statusCode),
      )
    }
    expect(statuses).toEqual([429, 429, 500, 200])
    expect(stripe.faults.list()).toEqual([])
  })
})
