import { describe, expect, test } from 'vitest'
import { RETURN, startPages } from './startPages.ts'

const DAY = 24 * 60 * 60
const HOSTILE = `"><img src=x onerror=alert(1)>'&`

describe('the page to pay on', () => {
  test('shows what is bought, for how much, and what each card does', async () => {
    const { open, get, prices } = await startPages()
    const { path } = await open({ line_items: [{ price: prices.team, quantity: 5 }] })
    const { status, text, headers } = await get(path)
    expect(status).toBe(200)
    expect(text).toContain('Test mode')
    expect(text).toContain('Subscribe to Team')
    expect(text).toContain('5 × $19.00 per month')
    expect(text).toContain('Pay $95.00')
    for (const last4 of ['4242', '0002', '9995', '0341', '3184']) expect(text).toContain(`•••• ${last4}`)
    expect(text).toContain(`href="${RETURN}"`)
    expect(text).not.toContain('<script')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  test('of a trial asks for nothing today, and for no card where none is needed', async () => {
    const { open, get, post, sdk } = await startPages()
    const data = { subscription_data: { trial_period_days: 14 } }
    const { path, id } = await open({ ...data, payment_method_collection: 'if_required' })
    const { text } = await get(path)
    expect(text).toMatch(/Free until \d+ \w+ \d{4}/)
    expect(text).toContain('Then $29.00 per month')
    expect(text).toMatch(/Due today<\/dt><dd>\$0\.00/)
    expect(text).toContain('Start trial')
    expect((await post(path, { card: 'none' })).status).toBe(303)
    const { subscription } = await sdk.checkout.sessions.retrieve(id, { expand: ['subscription'] })
    expect(subscription).toMatchObject({ status: 'trialing', default_payment_method: null })
    expect((await get((await open(data)).path)).text).not.toContain('No card for now')
  })

  test('shows texts of others as they are', async () => {
    const { open, get, sdk } = await startPages()
    const customer = await sdk.customers.create({ email: HOSTILE })
    const product = await sdk.products.create({ name: HOSTILE, description: HOSTILE })
    const price = await sdk.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: 100,
      recurring: { interval: 'month', interval_count: 3 },
    })
    const { path } = await open({ customer: customer.id, line_items: [{ price: price.id, quantity: 1 }] })
    const { text } = await get(path)
    expect(text).not.toContain('<img src=x')
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(text).toContain('$1.00 every 3 months')
  })

  test('leads to addresses of the web only', async () => {
    const { open } = await startPages()
    await expect(open({ cancel_url: 'javascript:alert(1)' })).rejects.toThrow('Not a valid URL')
    await expect(open({ success_url: 'javascript:alert(2)' })).rejects.toThrow('Not a valid URL')
  })

  test.each(['cs_unknown', '__proto__', 'constructor', encodeURIComponent(HOSTILE)])(
    'is a friendly 404 for %s',
    async (id) => {
      const { get, post } = await startPages()
      for (const seen of [
        await get(`/stripe/checkout/${id}`),
        await post(`/stripe/checkout/${id}`, { card: '4242' }),
      ]) {
        expect(seen.status).toBe(404)
        expect(seen.text).toContain('Nothing here')
        expect(seen.text).not.toContain('<img src=x')
      }
    },
  )
})

describe('paying', () => {
  test('leads on to the success page with the id of the session, and only once', async () => {
    const { open, post, get, sdk } = await startPages()
    const { path, id, customer } = await open()
    const { status, location } = await post(path, { card: '4242424242424242' })
    expect(status).toBe(303)
    expect(location).toBe(`${RETURN}/return?session_id=${id}`)
    expect(await sdk.checkout.sessions.retrieve(id)).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
    })
    const again = await post(path, { card: '4242424242424242' })
    expect(again.status).toBe(200)
    expect(again.text).toContain('paid already')
    expect((await get(path)).text).toContain(`href="${location}"`)
    expect((await sdk.subscriptions.list({ customer })).data).toHaveLength(1)
  })

  test.each([
    ['4000000000000002', 'Your card was declined.'],
    ['4000000000009995', 'Your card has insufficient funds.'],
    ['4000000000000341', 'Your card was declined.'],
  ])('with %s says why it did not work, beside that card, and can be tried again', async (card, words) => {
    const { open, post, sdk } = await startPages()
    const { path, id } = await open()
    const { status, text } = await post(path, { card })
    expect(status).toBe(402)
    expect(text).toMatch(new RegExp(`role="alert">${words}`))
    expect(text).toMatch(new RegExp(`value="${card}" checked autofocus aria-describedby="card-fault"`))
    expect((await sdk.checkout.sessions.retrieve(id)).status).toBe('open')
    expect((await post(path, { card: '4242424242424242' })).status).toBe(303)
  })

  test('with a number that was typed goes before the card that was chosen', async () => {
    const { open, post } = await startPages()
    const { path } = await open()
    const wrong = await post(path, { card: '4242424242424242', number: `1234 ${HOSTILE}` })
    expect(wrong.status).toBe(402)
    expect(wrong.text).toContain('Your card number is incorrect.')
    expect(wrong.text).toMatch(/name="number" value="1234 &quot;&gt;&lt;img [^>]*autofocus/)
    expect((await post(path, { card: '4000000000000002', number: '4242 4242 4242 4242' })).status).toBe(303)
  })

  test('asks the bank first where the card wants it, which may refuse', async () => {
    const { open, post, sdk } = await startPages()
    const { path, id, customer } = await open()
    const asked = await post(path, { card: '4000000000003184' })
    expect(asked.status).toBe(200)
    expect(asked.text).toContain('Do you approve of paying $29.00 for Pro with the card that ends in 3184?')
    const refused = await post(path, { card: '4000000000003184', answer: 'refuse' })
    expect(refused.status).toBe(402)
    expect(refused.text).toContain('did not approve')
    expect((await sdk.checkout.sessions.retrieve(id)).status).toBe('open')
    expect((await post(path, { card: '4000000000003184', answer: 'approve' })).status).toBe(303)
    const { data } = await sdk.subscriptions.list({ customer, status: 'all' })
    expect(data.map(({ status }) => status)).toEqual(['active'])
  })

  test('of somebody unknown asks who it is, also across the question of the bank', async () => {
    const { post, get, sdk, prices } = await startPages()
    const { url, id } = await sdk.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: prices.pro, quantity: 1 }],
      success_url: RETURN,
      subscription_data: { trial_period_days: 7 },
    })
    const path = new URL(url ?? '').pathname
    expect((await get(path)).text).toContain('name="email"')
    const asked = await post(path, { card: '3184', email: 'new@example.com' })
    expect(asked.text).toContain('name="email" value="new@example.com"')
    expect((await post(path, { card: '3184', email: 'new@example.com', answer: 'approve' })).location).toBe(
      `${RETURN}`,
    )
    const { customer } = await sdk.checkout.sessions.retrieve(id, { expand: ['customer'] })
    expect(customer).toMatchObject({ email: 'new@example.com' })
  })

  test('is over when the session is', async () => {
    const { open, post, get, pass, stripe, sdk } = await startPages()
    const { path, customer } = await open()
    pass(DAY + 1)
    // Before anybody has noted it, and after.
    expect((await post(path, { card: '4242' })).text).toContain('This page has expired')
    stripe.advance()
    const { status, text } = await get(path)
    expect(status).toBe(200)
    expect(text).toContain('Nothing was charged')
    expect(text).toContain(`href="${RETURN}"`)
    expect((await post(path, { card: '4242' })).text).toContain('This page has expired')
    expect((await sdk.subscriptions.list({ customer })).data).toEqual([])
  })
})

describe('a promotion code', () => {
  test('lowers what is due, and can be removed again', async () => {
    const { open, post, get, sdk } = await startPages()
    const coupon = await sdk.coupons.create({ percent_off: 20, duration: 'repeating', duration_in_months: 3 })
    await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code: 'LAUNCH' })
    const { path, customer } = await open({ allow_promotion_codes: true })
    expect(await post(`${path}/promotion-code`, { promotion_code: ' launch ' })).toMatchObject({
      status: 303,
      location: path,
    })
    const applied = (await get(path)).text
    expect(applied).toContain('LAUNCH: 20% off for 3 months')
    expect(applied).toContain('-$5.80')
    expect(applied).toContain('Pay $23.20')
    await post(`${path}/promotion-code`, {})
    expect((await get(path)).text).toContain('Pay $29.00')
    await post(`${path}/promotion-code`, { promotion_code: 'LAUNCH' })
    await post(path, { card: '4242' })
    expect((await sdk.invoices.list({ customer })).data[0]).toMatchObject({ subtotal: 2900, total: 2320 })
  })

  test('that is none is refused beside its field', async () => {
    const { open, post } = await startPages()
    const { path } = await open({ allow_promotion_codes: true })
    const { status, text } = await post(`${path}/promotion-code`, { promotion_code: HOSTILE })
    expect(status).toBe(422)
    expect(text).toMatch(/autofocus aria-invalid="true" aria-describedby="code-fault"/)
    expect(text).not.toContain('<img src=x')
  })

  test('that was used up meanwhile can be removed', async () => {
    const { open, post, get, sdk } = await startPages()
    const coupon = await sdk.coupons.create({ percent_off: 50, duration: 'forever' })
    const promotion = { type: 'coupon', coupon: coupon.id } as const
    await sdk.promotionCodes.create({ promotion, code: 'ONE', max_redemptions: 1 })
    const [first, second] = [
      await open({ allow_promotion_codes: true }),
      await open({ allow_promotion_codes: true }),
    ]
    for (const { path } of [first, second]) await post(`${path}/promotion-code`, { promotion_code: 'one' })
    expect((await post(first.path, { card: '4242' })).status).toBe(303)
    expect((await get(second.path)).text).toContain('ONE: no longer valid')
    expect((await post(second.path, { card: '4242' })).status).toBe(402)
    await post(`${second.path}/promotion-code`, {})
    expect((await post(second.path, { card: '4242' })).status).toBe(303)
  })

  test('is not asked for where none is taken', async () => {
    const { open, get } = await startPages()
    expect((await get((await open()).path)).text).not.toContain('Promotion code')
  })
})

describe('a form', () => {
  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil.example' },
    { origin: 'null' },
  ])('that another page posts changes nothing: %o', async (headers) => {
    const { open, post, sdk } = await startPages()
    const { path, id } = await open()
    expect((await post(path, { card: '4242' }, headers)).status).toBe(403)
    expect((await sdk.checkout.sessions.retrieve(id)).status).toBe('open')
  })

  test('is a form: JSON and what is too long are refused', async () => {
    const { open, post, url } = await startPages()
    const { path } = await open()
    const asJson = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    expect((await fetch(`${url}${path}`, asJson)).status).toBe(415)
    expect((await post(path, { card: '4'.repeat(20_000) })).status).toBe(413)
  })
})
