import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { leadOf, leadsOf, sendLead } from '../support/leads.ts'
import { newNetwork } from '../support/networks.ts'
import { newAddress, register } from '../support/people.ts'
import { type Replica, startReplica } from '../support/replica.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'
import { startTurnstile, verdict } from '../support/turnstileServer.ts'

const SALES = 'sales@gate.example'
const HOUR = 3600

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({ SALES_EMAIL: SALES })
})
afterAll(() => t.close())

/** The mails to sales that an answer to would reach this address. */
async function mailsAbout(email: string) {
  return (await t.mailsTo(SALES)).filter((mail) => mail.headers['reply-to']?.includes(email))
}

async function leadFrom(email: string, query = ''): Promise<TestReply['body']> {
  return (await leadsOf(t, query)).find((lead) => lead.email === email)
}

/** Sends a lead to another process, which has settings of its own. */
function sendTo({ post }: Replica, fields: Record<string, unknown>, from = newNetwork()): Promise<TestReply> {
  return post('/v1/sales-leads', { ...leadOf(newAddress('grace')), ...fields }, { from })
}

describe('202', () => {
  test('what somebody wrote is kept, and mailed to sales, whose answer goes to them', async () => {
    const email = newAddress('grace')
    const reply = await sendLead(t, { email: ` ${email.toUpperCase()} `, name: ' Grace "Amazing" Hopper ' })
    expect([reply.status, reply.body]).toEqual([202, { status: 'accepted' }])
    expect(await leadFrom(email)).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      created_at: t.app.now().toISOString(),
      email,
      name: 'Grace "Amazing" Hopper',
      company: 'Compilers & Co',
      company_size: '50-200',
      plan: 'enterprise',
      message: 'We are many.\nCall us.',
      source: 'pricing',
      attribution: { utm_source: 'newsletter', utm_campaign: 'spring', referrer: 'https://search.example/' },
      spam_reason: null,
      turnstile: null,
      mailed_at: t.app.now().toISOString(),
    })
    const [mail, ...more] = await mailsAbout(email)
    expect(more).toEqual([])
    expect(mail?.headers['reply-to']).toBe(`"Grace \\"Amazing\\" Hopper" <${email}>`)
    expect(mail?.subject).toBe('Compilers & Co wants to talk about Frontgate')
    for (const word of ['> We are many.', '> Call us.', 'Plan: enterprise', 'utm_source: newsletter'])
      expect(mail?.text).toContain(word)
    expect(mail?.html).toContain('Compilers &amp; Co')
  })

  test('least of all an address, a name and a company', async () => {
    const email = newAddress('grace')
    const body = { email, name: 'Grace', company: 'Compilers' }
    expect((await t.call('POST', '/v1/sales-leads', { body, from: newNetwork() })).status).toBe(202)
    expect(await leadFrom(email)).toMatchObject({ message: null, plan: null, attribution: {} })
    expect(await mailsAbout(email)).toHaveLength(1)
  })

  test.for([
    [50, '50'],
    [0, '0'],
    ['50-200', '50-200'],
    [' ', null],
  ])('a company of %j people is kept as %j', async ([size, kept], { expect }) => {
    const email = newAddress('grace')
    expect((await sendLead(t, { email, company_size: size })).status).toBe(202)
    expect(await leadFrom(email)).toMatchObject({ company_size: kept })
  })

  test('does not say whether an address is known', async () => {
    const { email } = await register(t)
    const [known, unknown] = [await sendLead(t, { email }), await sendLead(t)]
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text])
    expect(await t.mailsTo(email)).toHaveLength(1)
  })

  test.for([
    ['a list of addresses', 'Eve <eve@evil.example>, eve@evil.example;'],
    ['an encoded word', '=?utf-8?B?QWRh?= <eve@evil.example>'],
    ['turned around', '\u202eAda\u2066'],
    ['half a letter', 'Ada \ud83d'],
    ['of other letters', 'Грейс 😀'],
  ])('a name that is %s adds nobody to the mail', async ([, name], { expect }) => {
    const email = newAddress('grace')
    expect((await sendLead(t, { email, name, company: name })).status).toBe(202)
    const [mail] = await mailsAbout(email)
    expect(mail?.headers['reply-to']?.match(/<[^<>]*>/g)?.at(-1)).toBe(`<${email}>`)
    expect(mail?.headers['reply-to']?.replace(/"[^"]*"/, '')).not.toContain('evil')
    for (const header of ['bcc', 'cc']) expect(mail?.headers[header]).toBeUndefined()
    expect(`${mail?.subject}${mail?.text}`).not.toMatch(/\p{Bidi_Control}/u)
  })

  test('what they wrote stays theirs: quoted line by line, and no markup', async () => {
    const email = newAddress('grace')
    const message = 'Hello\r\n\r\n<b>Frontgate</b> says:\u2028reset at http://evil.example'
    await sendLead(t, { email, message })
    const [mail] = await mailsAbout(email)
    const quoted = mail?.text.split('\n').filter((line) => line.startsWith('> '))
    expect(quoted).toEqual(['> Hello', '> <b>Frontgate</b> says:', '> reset at http://evil.example'])
    expect(mail?.html).toContain('&lt;b&gt;Frontgate&lt;/b&gt;')
    expect((await leadFrom(email)).message).toBe(message)
  })

  test('where nobody is to be mailed it is kept all the same', async () => {
    const quiet = await startReplica(t)
    const email = newAddress('grace')
    expect((await sendTo(quiet, { email })).status).toBe(202)
    expect(await leadFrom(email)).toMatchObject({ mailed_at: null })
    expect(await mailsAbout(email)).toEqual([])
  })
})

describe('the field that people do not see', () => {
  test('filled in, the answer is the same, and nobody is mailed', async () => {
    const [email, spam] = [newAddress('grace'), newAddress('spam')]
    const [real, trapped] = [
      await sendLead(t, { email }),
      await sendLead(t, { email: spam, website: 'https://spam.example' }),
    ]
    expect([trapped.status, trapped.text]).toEqual([real.status, real.text])
    expect(await mailsAbout(spam)).toEqual([])
    expect(await leadFrom(spam)).toBeUndefined()
    expect(await leadFrom(spam, '&spam=true')).toMatchObject({ spam_reason: 'honeypot', mailed_at: null })
  })
})

describe('the same words from the same address', () => {
  test('are kept each time and mailed once an hour', async () => {
    const email = newAddress('grace')
    const times = async () => [
      (await leadsOf(t)).filter((lead) => lead.email === email).length,
      (await mailsAbout(email)).length,
    ]
    await sendLead(t, { email })
    t.moveClock(HOUR - 1)
    await sendLead(t, { email })
    expect(await times()).toEqual([2, 1])
    await sendLead(t, { email, message: 'Something else' })
    expect(await times()).toEqual([3, 2])
    t.moveClock(1)
    await sendLead(t, { email })
    expect(await times()).toEqual([4, 3])
  })

  test('as of a double click, at two processes, are mailed once', async () => {
    const replica = await startReplica(t, { SALES_EMAIL: SALES })
    for (let round = 0; round < 3; round++) {
      const email = newAddress('grace')
      const replies = await Promise.all([
        sendLead(t, { email }),
        sendTo(replica, { email }),
        sendLead(t, { email }),
        sendTo(replica, { email }),
      ])
      expect(replies.map(({ status }) => status)).toEqual([202, 202, 202, 202])
      expect(await mailsAbout(email)).toHaveLength(1)
    }
  })
})

describe('429', () => {
  test('five an hour from one network, whatever they say', async () => {
    const from = newNetwork()
    for (let i = 0; i < 5; i++) expect((await sendLead(t, {}, from)).status).toBe(202)
    const email = newAddress('grace')
    const refused = await sendLead(t, { email }, from)
    expect([refused.status, refused.body.code]).toEqual([429, 'too-many-requests'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(await leadFrom(email)).toBeUndefined()
    expect((await sendLead(t)).status).toBe(202)
    t.moveClock(HOUR)
    expect((await sendLead(t, { email }, from)).status).toBe(202)
  })
})

describe('422', () => {
  test.for([
    ['/email', { email: 'grace' }],
    ['/email', { email: 'a@b.example, eve@evil.example' }],
    ['/email', { email: 'grace@customer.example\r\nBcc: eve@evil.example' }],
    ['/name', { name: 'Grace\r\nBcc: eve@evil.example' }],
    ['/name', { name: ' ' }],
    ['/company', { company: '' }],
    ['/company', { company: 'x'.repeat(201) }],
    ['/company_size', { company_size: -1 }],
    ['/company_size', { company_size: 1.5 }],
    ['/company_size', { company_size: true }],
    ['/company_size', { company_size: 'x'.repeat(101) }],
    ['/message', { message: 'x'.repeat(5001) }],
    ['/attribution/utm_source', { attribution: { utm_source: 'x'.repeat(501) } }],
    ['/attribution/utm_id', { attribution: { utm_id: 'x' } }],
  ] as const)('at %s for %j', async ([pointer, fields], { expect }) => {
    const reply = await sendLead(t, fields)
    expect([reply.status, reply.body.code]).toEqual([422, 'invalid-request'])
    expect(reply.body.errors[0].pointer).toBe(`#${pointer}`)
  })
})

describe('Turnstile', () => {
  test('is asked about each token, and whoever fails may try again', async () => {
    const turnstile = await startTurnstile()
    const guarded = await startReplica(t, { SALES_EMAIL: SALES, ...turnstile.settings })
    const [email, from] = [newAddress('grace'), newNetwork()]
    const send = (fields: object) => sendTo(guarded, { email, ...fields }, from)

    for (const missing of [{}, { turnstile_token: '' }]) {
      const reply = await send(missing)
      expect([reply.status, reply.body.errors[0].pointer]).toEqual([422, '#/turnstile_token'])
    }
    expect(turnstile.asked).toEqual([])
    turnstile.answerWith(verdict(false, 'timeout-or-duplicate'))
    for (let i = 0; i < 6; i++) {
      const reply = await send({ turnstile_token: 'stale' })
      expect([reply.status, reply.body.errors[0].pointer]).toEqual([422, '#/turnstile_token'])
    }
    expect(await leadFrom(email)).toBeUndefined()

    turnstile.answerWith(verdict(true))
    expect((await send({ turnstile_token: 'fresh' })).status).toBe(202)
    expect(turnstile.asked.at(-1)).toEqual({ secret: '0x-hunter2', response: 'fresh', remoteip: from })
    expect(await leadFrom(email)).toMatchObject({ turnstile: 'passed' })
    expect(await mailsAbout(email)).toHaveLength(1)
    expect((await guarded.get('/v1/config')).body.turnstile_site_key).toBe('0x-site')
  })

  test('is not asked about what a program wrote', async () => {
    const turnstile = await startTurnstile()
    const guarded = await startReplica(t, turnstile.settings)
    const email = newAddress('spam')
    expect((await sendTo(guarded, { email, website: 'x', turnstile_token: 'y' })).status).toBe(202)
    expect(turnstile.asked).toEqual([])
    expect(await leadFrom(email, '&spam=true')).toMatchObject({ turnstile: null })
  })

  test('where it does not answer people are let in, and the lead says so', async () => {
    const turnstile = await startTurnstile()
    const guarded = await startReplica(t, { SALES_EMAIL: SALES, ...turnstile.settings })
    const broken: [string, () => void][] = [
      [
        'is broken',
        () => turnstile.answerWith((response) => response.writeHead(500).end('{"success":false}')),
      ],
      ['says something else', () => turnstile.answerWith((response) => response.end('<html>'))],
      ['does not know our key', () => turnstile.answerWith(verdict(false, 'invalid-input-secret'))],
      ['is silent', () => turnstile.answerWith(() => undefined)],
      ['is gone', turnstile.stop],
    ]
    for (const [what, happen] of broken) {
      happen()
      const email = newAddress('grace')
      const reply = await sendTo(guarded, { email, turnstile_token: 'any' })
      expect([what, reply.status]).toEqual([what, 202])
      expect(await leadFrom(email)).toMatchObject({ turnstile: 'unavailable' })
      expect((await mailsAbout(email))[0]?.text).toContain('Turnstile: did not answer')
    }
    const logged = t.logged.join('')
    expect(logged).toContain('Turnstile did not say')
    expect(logged).not.toContain('hunter2')
  })
})
