import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { KEY, startStripe } from './startStripe.ts'

const authorization = `Bearer ${KEY}`
const form = 'application/x-www-form-urlencoded'

describe('who asks, and in which words', () => {
  test('no key and a wrong key are 401 in Stripe’s words', async () => {
    const { url, client } = await startStripe()
    const reply = await fetch(`${url}/v1/customers`)
    expect(reply.status).toBe(401)
    expect(reply.headers.get('request-id')).toMatch(/^req_\w+$/)
    expect(await reply.json()).toEqual({
      error: {
        type: 'invalid_request_error',
        message: expect.stringMatching(/^You did not provide an API key\./),
      },
    })
    const refused = client({}, 'sk_test_somethingelse').customers.list()
    await expect(refused).rejects.toMatchObject({
      type: 'StripeAuthenticationError',
      message: 'Invalid API Key provided: sk_test_*********else',
    })
  })

  test('the key may come as a name, as curl -u sends it, and the paths are below /stripe too', async () => {
    const { url } = await startStripe()
    const basic = `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`
    const reply = await fetch(`${url}/stripe/v1/customers`, { headers: { authorization: basic } })
    expect(reply.status).toBe(200)
    expect(await reply.json()).toEqual({ object: 'list', url: '/v1/customers', has_more: false, data: [] })
  })

  test('answers in the version that the SDK pins, and in no other', async () => {
    const { url, sdk, client } = await startStripe()
    const { lastResponse } = await sdk.customers.list()
    expect(lastResponse.apiVersion).toBe(Stripe.API_VERSION)
    expect(lastResponse.requestId).toMatch(/^req_/)
    const reply = await fetch(`${url}/v1/customers`, { headers: { authorization } })
    expect(reply.headers.get('stripe-version')).toBe(Stripe.API_VERSION)
    const older = client({ apiVersion: '2020-08-27' as typeof Stripe.API_VERSION }).customers.list()
    await expect(older).rejects.toThrow('Invalid Stripe API version: 2020-08-27')
  })

  test('an unknown path or method is Stripe’s 404', async () => {
    const { sdk } = await startStripe()
    await expect(sdk.rawRequest('GET', '/v1/unicorns')).rejects.toMatchObject({
      type: 'StripeInvalidRequestError',
      statusCode: 404,
      message: expect.stringMatching(/^Unrecognized request URL \(GET: \/v1\/unicorns\)\./),
    })
    await expect(sdk.rawRequest('DELETE', '/v1/events/evt_1')).rejects.toMatchObject({ statusCode: 404 })
    await expect(sdk.subscriptions.search({ query: "status:'active'" })).rejects.toThrow(
      'Unrecognized request URL (GET: /v1/subscriptions/search).',
    )
  })
})

describe('parameters', () => {
  test.each([
    ['foo[bar]=1', 'parameter_unknown', 'foo', 'Received unknown parameter: foo'],
    ['name=x&tax[zip]=1', 'parameter_unknown', 'tax[zip]', 'Received unknown parameter: tax[zip]'],
    ['constructor=1', 'parameter_unknown', 'constructor', 'Received unknown parameter: constructor'],
    ['__proto__[a]=1', 'parameter_unknown', '__proto__[a]', 'Received unknown parameter: __proto__[a]'],
    [
      `metadata[${'k'.repeat(41)}]=1`,
      undefined,
      `metadata[${'k'.repeat(41)}]`,
      expect.stringMatching(/keys/),
    ],
    [`metadata[a]=${'v'.repeat(501)}`, undefined, 'metadata[a]', expect.stringMatching(/values/)],
    ['balance=ten', 'parameter_invalid_integer', 'balance', 'Invalid integer: ten'],
    ['balance=1.5', 'parameter_invalid_integer', 'balance', 'Invalid integer: 1.5'],
    ['validate=yes', undefined, 'validate', 'Invalid boolean: yes'],
    ['name[first]=Ada', undefined, 'name', 'Invalid string: {"first":"Ada"}'],
    ['metadata=x', undefined, 'metadata', 'Invalid object'],
    ['preferred_locales=en', undefined, 'preferred_locales', 'Invalid array'],
    [
      'tax_exempt=maybe',
      undefined,
      'tax_exempt',
      'Invalid tax_exempt: must be one of exempt, none, or reverse',
    ],
    [
      'shipping[name]=x',
      'parameter_missing',
      'shipping[address]',
      'Missing required param: shipping[address].',
    ],
    [
      'test_clock=',
      'parameter_invalid_empty',
      'test_clock',
      expect.stringMatching(/^You passed an empty string/),
    ],
  ])('%s is refused', async (body, code, param, message) => {
    const { url, stripe } = await startStripe()
    const headers = { authorization, 'content-type': form }
    const reply = await fetch(`${url}/v1/customers`, { method: 'POST', headers, body })
    expect(reply.status).toBe(400)
    const { error } = (await reply.json()) as { error: object }
    expect(error).toMatchObject({ type: 'invalid_request_error', param, message, ...(code && { code }) })
    expect(stripe.store.list('customer')).toEqual([])
  })

  test('arrays come with and without numbers, metadata merges, and empty text unsets', async () => {
    const { url, sdk } = await startStripe()
    const body = 'preferred_locales[]=en&preferred_locales[]=fr&metadata[a.b]=1&metadata[c]=2'
    const headers = { authorization, 'content-type': form }
    const reply = await fetch(`${url}/v1/customers`, { method: 'POST', headers, body })
    const { id } = (await reply.json()) as Stripe.Customer
    const updated = await sdk.customers.update(id, {
      preferred_locales: ['de'],
      name: 'Ada & Söhne',
      metadata: { c: '', d: '[4]=5' },
    })
    expect(updated).toMatchObject({
      preferred_locales: ['de'],
      name: 'Ada & Söhne',
      metadata: { 'a.b': '1', d: '[4]=5' },
    })
    const emptied = await sdk.customers.update(id, { name: '', metadata: '' })
    expect(emptied).toMatchObject({ name: null, metadata: {} })
  })

  test('metadata has any keys, and no more than fifty of them', async () => {
    const { sdk } = await startStripe()
    const { id, metadata } = await sdk.customers.create({ metadata: { constructor: 'Ada', toString: 'x' } })
    expect(Object.entries(metadata)).toEqual([
      ['constructor', 'Ada'],
      ['toString', 'x'],
    ])
    const keys = Array.from({ length: 49 }, (_, place) => [`key${place}`, 'x'])
    await expect(sdk.customers.update(id, { metadata: Object.fromEntries(keys) })).rejects.toMatchObject({
      statusCode: 400,
      param: 'metadata',
    })
  })

  test('a body that is no form is refused', async () => {
    const { url } = await startStripe()
    const headers = { authorization, 'content-type': 'application/json' }
    const reply = await fetch(`${url}/v1/customers`, { method: 'POST', headers, body: '{}' })
    expect(reply.status).toBe(400)
    expect(await reply.text()).toContain('application/x-www-form-urlencoded')
  })
})

describe('expansion', () => {
  test('puts objects in place of ids, also within lists', async () => {
    const { sdk } = await startStripe()
    const { id } = await sdk.products.create({ name: 'Pro' })
    const price = await sdk.prices.create({
      product: id,
      currency: 'usd',
      unit_amount: 100,
      expand: ['product'],
    })
    expect(price.product).toMatchObject({ id, object: 'product', name: 'Pro' })
    expect((await sdk.prices.retrieve(price.id)).product).toBe(id)
    const { data } = await sdk.prices.list({ expand: ['data.product'] })
    expect(data[0]?.product).toMatchObject({ id })
  })

  test('goes into arrays and through what is null, no further than four levels', async () => {
    const { sdk } = await startStripe()
    const customer = await sdk.customers.create({ payment_method: 'pm_card_visa' })
    const expand = ['data.customer.invoice_settings.default_payment_method']
    const { data } = await sdk.paymentMethods.list({ customer: customer.id, expand })
    expect(data[0]?.customer).toMatchObject({
      id: customer.id,
      invoice_settings: { default_payment_method: null },
    })
    await expect(sdk.customers.list({ expand: ['a.b.c.d.e'] })).rejects.toThrow(
      'You cannot expand more than 4 levels of a property. Property: a.b.c.d.e',
    )
  })

  test('leaves the id of what is gone', async () => {
    const { sdk } = await startStripe()
    const { id: test_clock } = await sdk.testHelpers.testClocks.create({ frozen_time: 1_800_000_000 })
    const { id: coupon } = await sdk.coupons.create({ percent_off: 10 })
    const { id: customer } = await sdk.customers.create({ test_clock, payment_method: 'pm_card_visa' })
    const { id: price } = await sdk.prices.create({
      currency: 'usd',
      unit_amount: 0,
      recurring: { interval: 'month' },
      product_data: { name: 'Pro' },
    })
    await sdk.subscriptions.create({ customer, items: [{ price }], discounts: [{ coupon }] })
    await sdk.coupons.del(coupon)
    await sdk.testHelpers.testClocks.del(test_clock)
    const expand = ['data.discounts.source.coupon', 'data.test_clock']
    const { data } = await sdk.subscriptions.list({ status: 'all', expand })
    expect(data).toMatchObject([{ test_clock, discounts: [{ source: { coupon } }] }])
  })

  test('refuses what is no id, and then does nothing', async () => {
    const { sdk, stripe } = await startStripe()
    const idempotencyKey = 'once'
    await expect(sdk.products.create({ name: 'Pro', expand: ['name'] }, { idempotencyKey })).rejects.toThrow(
      'This property cannot be expanded (name).',
    )
    expect(stripe.store.list('product')).toEqual([])
    await expect(sdk.products.list({ expand: ['default_price'] })).rejects.toThrow(
      "You may want to try expanding 'data.default_price' instead.",
    )
    await sdk.products.create({ name: 'Pro' }, { idempotencyKey: 'again' })
    await expect(sdk.products.list({ expand: ['data.id'] })).rejects.toThrow('cannot be expanded')
  })
})

describe('pages', () => {
  test('the SDK walks through all of them, newest first', async () => {
    const { sdk } = await startStripe()
    const ids: string[] = []
    for (let number = 0; number < 7; number++) {
      ids.unshift((await sdk.products.create({ name: `Product ${number}` })).id)
    }
    const first = await sdk.products.list({ limit: 3 })
    expect(first).toMatchObject({ has_more: true, url: '/v1/products' })
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 3))
    const walked = await sdk.products.list({ limit: 2 }).autoPagingToArray({ limit: 100 })
    expect(walked.map(({ id }) => id)).toEqual(ids)
    const before = await sdk.products.list({ limit: 2, ending_before: ids[4] as string })
    expect(before).toMatchObject({ has_more: true, data: [{ id: ids[2] }, { id: ids[3] }] })
    const rest = await sdk.products.list({ starting_after: ids[4] as string })
    expect(rest).toMatchObject({ has_more: false, data: [{ id: ids[5] }, { id: ids[6] }] })
  })

  test.each([0, 101])('a limit of %i is refused', async (limit) => {
    const { sdk } = await startStripe()
    await expect(sdk.products.list({ limit })).rejects.toMatchObject({ param: 'limit', statusCode: 400 })
  })

  test('a walk goes on after what has left the list meanwhile', async () => {
    const { sdk } = await startStripe()
    const made: string[] = []
    for (const name of ['one', 'two', 'three']) made.unshift((await sdk.products.create({ name })).id)
    const [newest = '', middle = '', oldest] = made
    await sdk.products.update(middle, { active: false })
    const idsOf = async (params: Stripe.ProductListParams) =>
      (await sdk.products.list({ active: true, ...params })).data.map(({ id }) => id)
    expect(await idsOf({ starting_after: middle })).toEqual([oldest])
    expect(await idsOf({ ending_before: middle })).toEqual([newest])
    await sdk.products.update(newest, { active: false })
    expect(await idsOf({ starting_after: newest })).toEqual([oldest])
    await sdk.products.update(oldest ?? '', { active: false })
    expect(await idsOf({ starting_after: oldest ?? '' })).toEqual([])
  })

  test('an unknown object to start after is refused', async () => {
    const { sdk } = await startStripe()
    await expect(sdk.products.list({ starting_after: 'prod_no' })).rejects.toMatchObject({
      code: 'resource_missing',
      param: 'starting_after',
    })
  })
})

test('what was asked is on record, in order', async () => {
  const { sdk, stripe } = await startStripe()
  const { id } = await sdk.customers.create({ email: 'ada@customer.example' }, { idempotencyKey: 'ada' })
  await sdk.customers.retrieve('cus_no').catch(() => undefined)
  await sdk.customers.list({ limit: 2 })
  expect(stripe.requests.list()).toMatchObject([
    {
      method: 'POST',
      path: '/v1/customers',
      params: { email: 'ada@customer.example' },
      idempotency_key: 'ada',
      status: 200,
    },
    { method: 'GET', path: '/v1/customers/cus_no', idempotency_key: null, status: 404 },
    { method: 'GET', path: '/v1/customers', params: { limit: 2 }, status: 200 },
  ])
  expect(id).toMatch(/^cus_/)
  stripe.requests.clear()
  expect(stripe.requests.list()).toEqual([])
})
