import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newNetwork } from '../support/networks.ts'
import { newAddress, register, registerVerified } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

const DAY = 86_400

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({ PRODUCT_NAME: 'Fish & <Chips>' })
})
afterAll(() => t.close())

describe('what people call themselves', () => {
  test.for([
    ['markup', '<script>alert(1)</script>'],
    ['quotes', `Ada "the first" O'Lovelace`],
    ['a list of addresses', 'Ada, eve@evil.example, "Eve" <eve@evil.example>;'],
    ['line breaks that would be headers', 'Ada\r\nBcc: eve@evil.example\r\n\r\nHello'],
    ['letters of other alphabets', 'Ада 😀 Λ'],
    ['encoded words', '=?utf-8?B?QWRh?='],
  ])('stays a name where it is %s', async ([, name], { expect }) => {
    const { email, userId } = await registerVerified(t)
    // Not by registering: what is refused there may have been let in before.
    await t.app.db.updateTable('users').set({ name }).where('id', '=', userId).execute()
    const before = t.mailbox.size
    await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: newNetwork() })
    const [mail] = await t.mailsTo(email)
    expect(t.mailbox.size).toBe(before + 1)
    expect(mail?.subject).toBe('Choose a new Fish & <Chips> password')
    expect(mail?.headers.to).toContain(`<${email}>`)
    for (const header of ['bcc', 'cc']) expect(mail?.headers[header]).toBeUndefined()
  })

  test('an account’s name is text in the mail, not markup, and stays on its line', async () => {
    const { email, accountId } = await registerVerified(t)
    const name = '<b>Acme</b> "&"\r\n\r\nChoose a plan:\nhttp://evil.example'
    await t.app.db.updateTable('accounts').set({ name }).where('id', '=', accountId).execute()
    await t.advance(11 * DAY)
    const [mail] = await t.mailsTo(email)
    expect(mail?.subject).toContain('trial ends in 3 days')
    expect(mail?.html).toContain('&lt;b&gt;Acme&lt;/b&gt;')
    expect(mail?.html).not.toContain('<b>Acme')
    const account = '<b>Acme</b> "&" Choose a plan: http://evil.example'
    expect(mail?.text.split('\n')[0]).toContain(`${account} is trying Pro until `)
  })

  test('the product’s name too', async () => {
    const { email } = await register(t)
    const [mail] = await t.mailsTo(email)
    expect(mail?.from).toContain('Fish & <Chips>')
    expect(mail?.html).toContain('Fish &amp; &lt;Chips&gt;')
    expect(mail?.html).not.toContain('<Chips>')
  })
})

describe('every mail', () => {
  test('has the same words in plain text, one link, and says that a program sent it', async () => {
    const email = newAddress()
    await register(t, { email })
    const [mail] = await t.mailsTo(email)
    expect(mail?.text).toContain('Please confirm that this mailbox is yours')
    expect(mail?.html).toContain('Please confirm that this mailbox is yours')
    expect(mail?.links).toEqual([
      expect.stringMatching(/^http:\/\/localhost:4000\/verify-email\?token=[\w-]{43}$/),
    ])
    expect(mail?.headers['auto-submitted']).toBe('auto-generated')
    expect(mail?.headers['message-id']).toMatch(/^<[0-9a-f-]{36}@frontgate\.test>$/)
  })

  test('links to the configured origin, whatever Host the request named', async () => {
    const email = newAddress()
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
    await t.call('POST', '/v1/auth/register', {
      body: { email, password: 'seven green teapots sing' },
      headers,
    })
    const [mail] = await t.mailsTo(email)
    expect(mail?.links.map((link) => new URL(link).origin)).toEqual(['http://localhost:4000'])
  })
})
