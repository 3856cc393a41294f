import { describe, expect, test } from 'vitest'
import { type StartedPages, startPages } from './startPages.ts'

const DAY = 24 * 60 * 60

describe('the page of an invoice', () => {
  /** Somebody whose first renewal has failed. */
  async function fallBehind({ subscribe, portal, post, pass, stripe, sdk }: StartedPages) {
    const { customer, subscription } = await subscribe()
    const path = await portal(customer)
    await post(`${path}/card`, { card: '4000000000000341' })
    pass(32 * DAY)
    stripe.advance()
    const [invoice] = (await sdk.invoices.list({ customer, status: 'open' })).data
    return { subscription, portal: path, page: new URL(invoice?.hosted_invoice_url ?? '').pathname }
  }

  test('takes the payment that has failed, and the subscription goes on', async () => {
    const started = await startPages()
    const { get, post, sdk } = started
    const { subscription, portal, page } = await fallBehind(started)
    expect((await get(portal)).text).toContain('could not be collected')
    const session = portal.split('/').at(-1) ?? ''
    expect((await get(`${page}?portal=${session}`)).text).toContain(`href="${portal}"`)
    const failed = await post(page, { card: 'saved', portal: session })
    expect(failed.status).toBe(402)
    expect(failed.text).toMatch(/role="alert">Your card was declined/)
    const paid = await post(page, { card: '4242424242424242', keep: 'yes', portal: session })
    expect(paid.location).toBe(`${page}?portal=${session}`)
    const { status, default_payment_method } = await sdk.subscriptions.retrieve(subscription, {
      expand: ['default_payment_method'],
    })
    expect(status).toBe('active')
    expect(default_payment_method).toMatchObject({ card: { last4: '4242' } })
    expect((await get(page)).text).not.toContain('<form')
  })

  test('leads to the bank where the card wants it, and back', async () => {
    const started = await startPages()
    const { get, post, sdk } = started
    const { subscription, page } = await fallBehind(started)
    const { location: bank } = await post(page, { card: '4000000000003184' })
    expect(bank).toMatch(/^\/stripe\/authenticate\/pi_/)
    expect((await get(bank ?? '')).text).toContain('paying $29.00 with the card that ends in 3184')
    const refused = await post(bank ?? '', { answer: 'refuse' })
    expect(refused.status).toBe(402)
    expect(refused.text).toContain('did not approve')
    expect((await post(bank ?? '', { answer: 'approve' })).location).toBe(page)
    expect((await sdk.subscriptions.retrieve(subscription)).status).toBe('active')
    expect((await get(bank ?? '')).location).toBe(page)
  })

  test('is there as a PDF too', async () => {
    const { subscribe, url, sdk, get } = await startPages()
    const { customer } = await subscribe()
    const [invoice] = (await sdk.invoices.list({ customer })).data
    const answer = await fetch(`${url}${new URL(invoice?.invoice_pdf ?? '').pathname}`)
    expect(answer.headers.get('content-type')).toBe('application/pdf')
    const text = await answer.text()
    expect(text).toMatch(/^%PDF-1\.4/)
    expect(text).toContain(`(Invoice ${invoice?.number})`)
    expect(text).toContain('no real money')
    expect((await get('/stripe/invoice/in_none')).status).toBe(404)
    expect((await get('/stripe/authenticate/pi_none')).status).toBe(404)
  })
})
