import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tokenFor } from '../support/mailedLinks.ts'
import { newNetwork } from '../support/networks.ts'
import { newAddress, register, registerVerified, signIn } from '../support/people.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'
import { withoutPassword, withProviders } from '../support/withoutPassword.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp(withProviders)
})
afterAll(() => t.close())

const forgot = (email: unknown, from = newNetwork(), headers = {}) =>
  t.call('POST', '/v1/auth/password/forgot', { body: { email }, from, headers })
const resetMails = async (email: string) =>
  (await t.mailsTo(email)).filter(({ subject }) => subject.includes('Choose a new'))

const visible = ({ status, headers, body }: TestReply) => {
  const { date: _date, ...others } = headers
  return { status, headers: others, body: { ...body, instance: null } }
}

/** One address of each kind there is. */
async function everyKind(): Promise<string[]> {
  const [verified, unverified, withGoogle, deleted] = [
    await registerVerified(t),
    await register(t),
    await register(t),
    await register(t),
  ]
  await withoutPassword(t, withGoogle)
  await t.call('DELETE', '/v1/me', { as: deleted.accessToken, body: {} })
  return [verified.email, unverified.email, withGoogle.email, deleted.email, newAddress()]
}

describe('202', () => {
  test('a known address gets a link that works, and only that one mail', async () => {
    const { email } = await registerVerified(t)
    const reply = await forgot(` ${email.toUpperCase()} `)
    expect(reply.status).toBe(202)
    expect(reply.body).toEqual({ status: 'accepted' })
    expect(await resetMails(email)).toHaveLength(1)
    const body = { token: await tokenFor(t, '/reset-password', email), password: 'another good password' }
    expect((await t.call('POST', '/v1/auth/password/reset', { body })).status).toBe(204)
  })

  test('an address nobody has gets no mail', async () => {
    const email = newAddress()
    expect((await forgot(email)).status).toBe(202)
    expect(await t.mailsTo(email)).toEqual([])
  })

  test('the password and the sessions hold until the link is used', async () => {
    const { email, accessToken } = await register(t)
    await forgot(email)
    expect((await signIn(t, email)).status).toBe(200)
    expect((await t.call('GET', '/v1/me', { as: accessToken })).status).toBe(200)
  })

  test('the link leads to the configured origin, whatever the request says it came for', async () => {
    const { email } = await register(t)
    await forgot(email, newNetwork(), {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
      origin: 'https://evil.example',
    })
    const [mail] = await resetMails(email)
    expect(mail?.links.length).toBeGreaterThan(0)
    for (const link of mail?.links ?? []) expect(new URL(link).origin).toBe('http://localhost:4000')
    expect(JSON.stringify(mail)).not.toContain('evil.example')
  })

  test('who signs in with a provider is reminded of that and gets no link, while the mailbox is known to be theirs', async () => {
    const person = await registerVerified(t, { name: 'Ada' })
    await withoutPassword(t, person, 'microsoft')
    await forgot(person.email)
    const [mail] = await t.mailsTo(person.email)
    expect(mail?.subject).toBe('You sign in to Frontgate with Microsoft')
    expect(mail?.links).toEqual(['http://localhost:4000/sign-in'])
    expect(mail?.headers.to).toContain('Ada')
  })

  test('otherwise they get the link, since somebody else may have linked it, and are told what is linked', async () => {
    const person = await register(t)
    await withoutPassword(t, person)
    await forgot(person.email)
    const [mail] = await resetMails(person.email)
    expect(mail?.text).toContain('So far this address signs in with Google and has no password.')
    expect(await tokenFor(t, '/reset-password', person.email)).toBeTruthy()
  })

  test('the trail has it, with where it came from', async () => {
    const { email, userId } = await register(t)
    const from = newNetwork()
    await forgot(email, from)
    await t.settled()
    const [entry] = await trailOf(t, userId)
    expect(entry).toMatchObject({
      action: 'password.reset-requested',
      actor_kind: 'anyone',
      ip: from,
      user_agent: 'test',
    })
    expect(JSON.stringify(entry)).not.toContain(email)
  })
})

describe('202, and 429 after it', () => {
  test('every address is answered the same, the first time and twice within a minute', async () => {
    const [first, second] = [[] as object[], [] as object[]]
    for (const email of await everyKind()) {
      first.push(visible(await forgot(email)))
      second.push(visible(await forgot(email)))
    }
    expect(first[0]).toMatchObject({ status: 202 })
    expect(second[0]).toMatchObject({ status: 429, body: { code: 'too-many-requests' } })
    for (const answer of first) expect(answer).toEqual(first[0])
    for (const answer of second) expect(answer).toEqual(second[0])
  })

  test('five an hour for every address, however long one waits in between', async () => {
    for (const email of await everyKind()) {
      const statuses = []
      for (let i = 0; i < 6; i++) {
        statuses.push((await forgot(email)).status)
        await t.advance(60)
      }
      expect(statuses).toEqual([202, 202, 202, 202, 202, 429])
    }
  })

  test('one mailbox gets one mail a minute, whoever asks from wherever', async () => {
    const { email } = await register(t)
    const replies = await Promise.all(Array.from({ length: 10 }, () => forgot(email)))
    expect(replies.map(({ status }) => status).sort()).toEqual([202, ...Array(9).fill(429)])
    expect(await resetMails(email)).toHaveLength(1)
  })

  test('twenty an hour from one network, over all addresses, known or not', async () => {
    for (const addressOf of [async () => newAddress(), async () => (await register(t)).email]) {
      const from = newNetwork()
      const statuses = []
      for (let i = 0; i < 21; i++) statuses.push((await forgot(await addressOf(), from)).status)
      expect(statuses).toEqual([...Array(20).fill(202), 429])
    }
  })
})

describe('422', () => {
  test.each([
    ['a list of addresses', ['ada@customer.example', 'eve@evil.example']],
    ['an object', { email: 'ada@customer.example' }],
    ['null', null],
    ['nothing', undefined],
    ['two in one string', 'ada@customer.example,eve@evil.example'],
    ['one with another header', 'ada@customer.example\r\nBcc: eve@evil.example'],
    ['one that is none', 'ada'],
  ])('%s: no mail to anybody', async (_what, email) => {
    await t.call('POST', '/v1/auth/register', {
      body: { email: 'ada@customer.example', password: 'a fine password' },
    })
    const mails = (await t.mailsTo('ada@customer.example')).length
    const reply = await forgot(email)
    expect(reply.status).toBe(422)
    expect(reply.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '#/email' }] })
    expect(await t.mailsTo('ada@customer.example')).toHaveLength(mails)
    expect(await t.mailsTo('eve@evil.example')).toEqual([])
  })
})
