import { describe, expect, test } from 'vitest'
import { RETURN, startPages } from './startPages.ts'

describe('the portal', () => {
  test('shows the subscription, what pays for it, its invoices, and the way back', async () => {
    const { subscribe, portal, get } = await startPages()
    const { customer } = await subscribe()
    const { status, text } = await get(await portal(customer))
    expect(status).toBe(200)
    expect(text).toContain('Lovelace &amp; Daughters')
    expect(text).toMatch(
      /Next payment of \$29\.00 on <strong>\d+ \w+ \d{4}<\/strong>, paid with Visa •••• 4242/,
    )
    expect(text).toContain('badge paid')
    expect(text).toContain(`href="${RETURN}"`)
  })

  test('is a friendly 404 without a session, and one session says nothing of other customers', async () => {
    const { subscribe, portal, get, post, sdk } = await startPages()
    expect((await get('/stripe/portal/bps_none')).status).toBe(404)
    const [mine, theirs] = [await subscribe(), await subscribe()]
    const path = await portal(mine.customer)
    for (const task of ['cancel', 'update', 'resume']) {
      expect((await post(`${path}/${task}`, { subscription: theirs.subscription })).status).toBe(404)
    }
    expect((await get(`${path}/cancel?subscription=${theirs.subscription}`)).status).toBe(404)
    expect((await sdk.subscriptions.retrieve(theirs.subscription)).cancel_at).toBe(null)
  })

  test('does only what it is configured to', async () => {
    const { subscribe, portal, get, post, sdk } = await startPages()
    const { customer, subscription } = await subscribe()
    const configuration = await sdk.billingPortal.configurations.create({
      features: { subscription_cancel: { enabled: false } },
    })
    const path = await portal(customer, { configuration: configuration.id })
    expect((await get(path)).text).not.toContain('Cancel subscription')
    expect((await post(`${path}/cancel`, { subscription })).status).toBe(403)
    expect((await sdk.subscriptions.retrieve(subscription)).cancel_at).toBe(null)
  })

  test('is not posted to by other pages', async () => {
    const { subscribe, portal, post, sdk } = await startPages()
    const { customer, subscription } = await subscribe()
    const headers = { 'sec-fetch-site': 'cross-site' }
    expect((await post(`${await portal(customer)}/cancel`, { subscription }, headers)).status).toBe(403)
    expect((await sdk.subscriptions.retrieve(subscription)).cancel_at).toBe(null)
  })
})

describe('canceling in the portal', () => {
  test('asks once more, sets the end alone, and can be taken back', async () => {
    const { subscribe, portal, get, post, sdk } = await startPages()
    const { customer, subscription } = await subscribe()
    const path = await portal(customer)
    expect((await get(`${path}/cancel?subscription=${subscription}`)).text).toContain('Cancel Pro?')
    const fields = { subscription, feedback: 'unused', comment: 'Later <b>perhaps</b>' }
    expect((await post(`${path}/cancel`, fields)).location).toBe(`${path}?done=cancel`)
    const canceled = await sdk.subscriptions.retrieve(subscription)
    expect(canceled.cancel_at).toBe(canceled.items.data[0]?.current_period_end)
    expect(canceled).toMatchObject({
      cancel_at_period_end: false,
      cancellation_details: { feedback: 'unused', comment: 'Later <b>perhaps</b>' },
    })
    expect((await get(path)).text).toContain('nothing is charged after that')
    expect((await post(`${path}/resume`, { subscription })).location).toBe(`${path}?done=resume`)
    expect((await sdk.subscriptions.retrieve(subscription)).cancel_at).toBe(null)
  })

  test('takes no reason that it did not offer', async () => {
    const { subscribe, portal, post, sdk } = await startPages()
    const { customer, subscription } = await subscribe()
    await post(`${await portal(customer)}/cancel`, { subscription, feedback: 'constructor' })
    const { cancellation_details } = await sdk.subscriptions.retrieve(subscription)
    expect(cancellation_details).toMatchObject({ feedback: null, reason: 'cancellation_requested' })
  })
})

describe('changing the plan in the portal', () => {
  test('shows what it costs before it does', async () => {
    const { subscribe, portal, get, post, prices, sdk } = await startPages()
    const { customer, subscription } = await subscribe()
    const path = await portal(customer)
    const choice = (await get(`${path}/update?subscription=${subscription}`)).text
    expect(choice).toContain('$290.00 per year')
    const wish = { subscription, price: prices.proYear, quantity: '1' }
    const { text } = await get(`${path}/update?${new URLSearchParams(wish)}`)
    expect(text).toContain('Unused time on')
    expect(text).toContain('$290.00 per year')
    expect((await post(`${path}/update`, wish)).location).toBe(`${path}?done=update`)
    const [item] = (await sdk.subscriptions.retrieve(subscription)).items.data
    expect(item?.price.id).toBe(prices.proYear)
  })

  test('says so when the card is declined, and has changed nothing', async () => {
    const { subscribe, portal, post, prices, sdk } = await startPages()
    const { customer, subscription } = await subscribe()
    const path = await portal(customer)
    await post(`${path}/card`, { card: '4000000000000341' })
    const { status, text } = await post(`${path}/update`, {
      subscription,
      price: prices.proYear,
      quantity: '1',
    })
    expect(status).toBe(402)
    expect(text).toMatch(/role="alert">Your card was declined/)
    const [item] = (await sdk.subscriptions.retrieve(subscription)).items.data
    expect(item?.price.id).toBe(prices.pro)
  })

  test('asks the bank where the card wants that, and has changed once the buyer approves', async () => {
    const { subscribe, portal, get, post, prices, sdk } = await startPages()
    const { customer, subscription } = await subscribe()
    const path = await portal(customer)
    await post(`${path}/card`, { card: '4000000000003184' })
    const asked = await post(`${path}/update`, { subscription, price: prices.proYear, quantity: '1' })
    expect(asked.location).toMatch(/^\/stripe\/authenticate\/pi_/)
    const question = asked.location ?? ''
    expect((await get(question)).text).toContain('the card that ends in 3184')
    const priceNow = async () => (await sdk.subscriptions.retrieve(subscription)).items.data[0]?.price.id
    expect(await priceNow()).toBe(prices.pro)
    expect((await post(question, { answer: 'approve' })).status).toBe(303)
    expect(await priceNow()).toBe(prices.proYear)
  })

  test.each([
    { price: 'price_none', quantity: '1' },
    { quantity: '0' },
    { quantity: '1.5' },
    { quantity: 'NaN' },
    { quantity: '1' },
  ])('refuses what is no change to make: %o', async (wish) => {
    const { subscribe, portal, get, post, prices, sdk } = await startPages()
    const { customer, subscription } = await subscribe()
    const path = await portal(customer)
    const fields = { subscription, price: prices.pro, ...wish }
    expect((await get(`${path}/update?${new URLSearchParams(fields)}`)).text).toContain('role="alert"')
    expect((await post(`${path}/update`, fields)).status).toBe(400)
    const [item] = (await sdk.subscriptions.retrieve(subscription)).items.data
    expect(item).toMatchObject({ quantity: 1, price: { id: prices.pro } })
  })
})

describe('the card in the portal', () => {
  test('is charged from then on, unless it is declined', async () => {
    const { subscribe, portal, post, sdk } = await startPages()
    const { customer, subscription } = await subscribe()
    const path = await portal(customer)
    const declined = await post(`${path}/card`, { card: '4000000000000002' })
    expect(declined.status).toBe(402)
    expect(declined.text).toMatch(/role="alert">Your card was declined/)
    expect((await post(`${path}/card`, { number: '5555 5555 5555 4444' })).location).toBe(`${path}?done=card`)
    const { default_payment_method } = await sdk.subscriptions.retrieve(subscription, {
      expand: ['default_payment_method'],
    })
    expect(default_payment_method).toMatchObject({ card: { brand: 'mastercard' } })
  })
})

describe('a deep link', () => {
  const flows = {
    card: async () => ({ flow_data: { type: 'payment_method_update' as const } }),
    cancel: async (subscription: string) => ({
      flow_data: { type: 'subscription_cancel' as const, subscription_cancel: { subscription } },
    }),
    update: async (subscription: string) => ({
      flow_data: { type: 'subscription_update' as const, subscription_update: { subscription } },
    }),
  }
  const titles = { card: 'Change the card', cancel: 'Cancel Pro?', update: 'Change plan' }

  test.each(['card', 'cancel', 'update'] as const)('opens the page for %s, and leads back', async (task) => {
    const { subscribe, portal, get, post, prices } = await startPages()
    const { customer, subscription } = await subscribe()
    const path = await portal(customer, await flows[task](subscription))
    expect((await get(path)).text).toContain(`<h1>${titles[task]}</h1>`)
    const fields = { subscription, card: '5555555555554444', price: prices.proYear, quantity: '1' }
    expect(await post(`${path}/${task}`, fields)).toMatchObject({ status: 303, location: RETURN })
    expect((await get(path)).status).toBe(200)
  })

  test('goes where it was told to go afterwards, or says it is done', async () => {
    const { subscribe, portal, post } = await startPages()
    const { customer } = await subscribe()
    const finish = async (after_completion: object) => {
      const flow_data = { type: 'payment_method_update' as const, after_completion } as never
      return post(`${await portal(customer, { flow_data })}/card`, { card: '4242424242424242' })
    }
    const there = { type: 'redirect', redirect: { return_url: `${RETURN}?card=new` } }
    expect((await finish(there)).location).toBe(`${RETURN}?card=new`)
    const here = { type: 'hosted_confirmation', hosted_confirmation: { custom_message: 'Thanks <3' } }
    expect((await finish(here)).text).toContain('Thanks &lt;3')
    const elsewhere = { type: 'redirect', redirect: { return_url: 'javascript:alert(1)' } }
    await expect(finish(elsewhere)).rejects.toThrow('Not a valid URL')
  })
})
