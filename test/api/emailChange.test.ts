import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Changing,
  changedEmail,
  changing,
  confirmEmailChange,
  oldTokenOf,
  refuseEmailChange,
  requestEmailChange,
} from '../support/emailChanges.ts'
import { addPasskey, addTotp, firstStep, nextCode, registerWithTotp, secondStep } from '../support/factors.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { newNetwork } from '../support/networks.ts'
import {
  mailedToken,
  newAddress,
  PASSWORD,
  type Person,
  register,
  registerVerified,
  signIn,
} from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import { actionsOf } from '../support/trail.ts'
import { withIdentity, withoutPassword, withProviders } from '../support/withoutPassword.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp(withProviders)
})
afterAll(() => t.close())

const DAY = 86_400
const NEW_PASSWORD = 'another good password'

const me = async ({ accessToken }: Person) => (await t.call('GET', '/v1/me', { as: accessToken })).body
const confirm = (token: string) => confirmEmailChange(t, token)
const refuse = (token: string) => refuseEmailChange(t, token)
const codeOf = async (reply: Promise<{ body: { code?: string } | null }>) => (await reply).body?.code

async function laterTokenOf({ refreshToken }: Person): Promise<string> {
  t.moveClock(601)
  const { body } = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })
  return body.access_token
}

describe('the address changes once both mailboxes have confirmed', () => {
  test.each(['new', 'old'])('the %s one first', async (first) => {
    const asked = await changing(t)
    const { person, newEmail, token } = asked
    const tokens = [token, await oldTokenOf(t, asked)]
    const [one = '', two = ''] = first === 'new' ? tokens : tokens.reverse()
    for (const _twice of [1, 2]) {
      const reply = await confirm(one)
      expect([reply.status, reply.body]).toEqual([200, { email: newEmail, status: 'waiting' }])
    }
    expect(await me(person)).toMatchObject({ email: person.email })
    expect((await confirm(two)).body).toEqual({ email: newEmail, status: 'changed' })
    expect(await me(person)).toMatchObject({ email: newEmail, email_verified: true })
    expect((await signIn(t, newEmail)).status).toBe(200)
    expect((await signIn(t, person.email)).status).toBe(401)
    expect(await actionsOf(t, person.userId)).toEqual(
      expect.arrayContaining(['email.change-requested', 'email.changed']),
    )
  })

  test('the old address is free again, and links that were mailed there are void', async () => {
    const asked = await changing(t)
    await t.call('POST', '/v1/auth/password/forgot', {
      body: { email: asked.person.email },
      from: newNetwork(),
    })
    const token = await tokenFor(t, '/reset-password', asked.person.email)
    await confirm(asked.token)
    await confirm(await oldTokenOf(t, asked))
    const reset = t.call('POST', '/v1/auth/password/reset', { body: { token, password: NEW_PASSWORD } })
    expect(await codeOf(reset)).toBe('token-superseded')
    expect((await register(t, { email: asked.person.email })).userId).not.toBe(asked.person.userId)
  })

  test('opening the page uses nothing', async () => {
    const asked = await changing(t)
    const page = await t.call('GET', `/confirm-email-change?token=${asked.token}`)
    expect(page.status).toBe(200)
    expect((await t.call('GET', '/undo-email-change?token=x')).status).toBe(200)
    expect((await confirm(asked.token)).body.status).toBe('waiting')
  })

  test('the new mailbox is written to without a name, the old one with it', async () => {
    const { person, newEmail } = await changing(t, await registerVerified(t, { name: 'Ada' }))
    const [[toNew], [toOld]] = [await t.mailsTo(newEmail), await t.mailsTo(person.email)]
    expect(toNew?.headers.to).not.toContain('Ada')
    expect(toOld?.headers.to).toContain('Ada')
    expect(toOld?.text).toContain(newEmail)
  })
})

describe('an address that was never proved', () => {
  test('is not asked, and only told that it is off', async () => {
    const { person, newEmail, token } = await changing(t, await register(t, { name: 'Ada' }))
    const verification = await mailedToken(t, person.email)
    expect((await confirm(token)).body).toEqual({ email: newEmail, status: 'changed' })
    expect(await me(person)).toMatchObject({ email: newEmail, email_verified: true })
    const [mail] = await t.mailsTo(person.email)
    expect(mail?.subject).toBe('This address was taken off Frontgate')
    expect([mail?.links, mail?.headers.to?.includes('Ada')]).toEqual([[], false])
    const verify = t.call('POST', '/v1/auth/email/verify', { body: { token: verification } })
    expect(await codeOf(verify)).toBe('token-superseded')
  })

  test('once proved has a say again: the change that did not ask it ends', async () => {
    const { person, token } = await changing(t, await register(t))
    const verification = await tokenFor(t, '/verify-email', person.email)
    await t.call('POST', '/v1/auth/email/verify', { body: { token: verification } })
    expect(await codeOf(confirm(token))).toBe('token-canceled')
    expect(await me(person)).toMatchObject({ email: person.email, email_verified: true })
  })
})

describe('asking takes the password, or a sign-in of the last ten minutes', () => {
  const ask = (as: string, body: object) =>
    t.call('POST', '/v1/me/email', { as, body: { email: newAddress(), ...body }, from: newNetwork() })

  test('202 without the password at first, also for somebody who has none', async () => {
    const person = await registerVerified(t)
    await withoutPassword(t, person)
    expect((await ask(person.accessToken, {})).status).toBe(202)
  })

  test('403 later, and 202 with it', async () => {
    const as = await laterTokenOf(await register(t))
    expect((await ask(as, {})).body.code).toBe('recent-sign-in-required')
    expect((await ask(as, { password: PASSWORD })).status).toBe(202)
  })

  test('401 with a wrong one, 409 with one of somebody who has none', async () => {
    const person = await registerVerified(t)
    expect((await ask(person.accessToken, { password: 'not it' })).body.code).toBe('invalid-credentials')
    await withoutPassword(t, person)
    expect((await ask(person.accessToken, { password: 'not it' })).body.code).toBe('use-oauth-provider')
  })
})

describe('409', () => {
  test('an address that somebody has is refused, and nobody gets a mail', async () => {
    const [person, owner] = [await registerVerified(t), await registerVerified(t)]
    await t.settled()
    const mails = t.mailbox.size
    expect((await requestEmailChange(t, person, owner.email)).body.code).toBe('email-already-registered')
    await t.settled()
    expect(t.mailbox.size).toBe(mails)
  })

  test('an address that somebody has taken meanwhile', async () => {
    const { person, newEmail, token } = await changing(t, await register(t))
    await register(t, { email: newEmail })
    expect(await codeOf(confirm(token))).toBe('email-already-registered')
    expect(await me(person)).toMatchObject({ email: person.email })
  })
})

describe('410, and the old address stays', () => {
  const endings: [string, string, (asked: Changing) => Promise<unknown>][] = [
    ['a newer request', 'token-superseded', ({ person }) => changing(t, person)],
    ['the new mailbox refusing', 'token-canceled', ({ token }) => refuse(token)],
    ['the old mailbox refusing', 'token-canceled', async (asked) => refuse(await oldTokenOf(t, asked))],
    [
      'a new password',
      'token-superseded',
      ({ person: { accessToken: as } }) => {
        const body = { current_password: PASSWORD, new_password: NEW_PASSWORD }
        return t.call('POST', '/v1/auth/password/change', { as, body })
      },
    ],
    [
      'the end of the session that asked',
      'token-canceled',
      ({ person }) => t.call('POST', '/v1/auth/logout', { as: person.accessToken }),
    ],
    [
      'the end of the user',
      'token-canceled',
      ({ person }) => t.call('DELETE', '/v1/me', { as: person.accessToken, body: {} }),
    ],
    ['a day', 'token-expired', async () => t.moveClock(DAY)],
  ]
  test.each(endings)('after %s, for both mailboxes', async (_what, code, end) => {
    const asked = await changing(t)
    const oldToken = await oldTokenOf(t, asked)
    await confirm(asked.token)
    await end(asked)
    for (const token of [oldToken, asked.token]) {
      const reply = await confirm(token)
      expect([reply.status, reply.body.code]).toEqual([410, code])
      expect(await codeOf(refuse(token))).toBe(code)
    }
    expect((await signIn(t, asked.newEmail)).status).toBe(401)
  })

  test('links of a change that is done are used', async () => {
    const asked = await changing(t)
    const oldToken = await oldTokenOf(t, asked)
    await confirm(asked.token)
    await confirm(oldToken)
    for (const token of [asked.token, oldToken]) expect(await codeOf(confirm(token))).toBe('token-used')
    expect(await codeOf(refuse(oldToken))).toBe('token-used')
  })
})

describe('404', () => {
  test('a link that was never sent, and one that is for something else', async () => {
    const person = await register(t)
    const { token: undo } = await changedEmail(t)
    expect(await codeOf(confirm('x'.repeat(43)))).toBe('token-unknown')
    expect(await codeOf(confirm(await mailedToken(t, person.email)))).toBe('token-unknown')
    expect(await codeOf(confirm(undo))).toBe('token-unknown')
  })
})

describe('the old mailbox takes the change back', () => {
  test('its address holds again, every session is over, and both mailboxes are told', async () => {
    const { person, newEmail, token } = await changedEmail(t)
    expect((await refuse(token)).status).toBe(204)
    expect((await t.call('GET', '/v1/me', { as: person.accessToken })).status).toBe(401)
    expect((await signIn(t, newEmail)).status).toBe(401)
    const { body } = await signIn(t, person.email)
    expect(body.user).toMatchObject({ email: person.email, email_verified: true })
    const subjectsTo = async (email: string) => (await t.mailsTo(email)).map(({ subject }) => subject)
    expect(await subjectsTo(person.email)).toContain('Your Frontgate address is this one again')
    expect(await subjectsTo(newEmail)).toContain('The change of your Frontgate address was taken back')
    expect(await actionsOf(t, person.userId)).toContain('email.change-undone')
    expect(await codeOf(refuse(token))).toBe('token-used')
  })

  test('devices that were remembered are strangers, and links to the new mailbox are void', async () => {
    const { person, newEmail, token } = await changedEmail(t)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email: newEmail }, from: newNetwork() })
    const reset = { token: await tokenFor(t, '/reset-password', newEmail), password: NEW_PASSWORD }
    await refuse(token)
    expect(await codeOf(t.call('POST', '/v1/auth/password/reset', { body: reset }))).toBe('token-superseded')
    for (let i = 0; i < 10; i++) await signIn(t, person.email, 'not the password', newNetwork())
    const body = { email: person.email, password: PASSWORD }
    const known = await t.call('POST', '/v1/auth/login', {
      body,
      cookies: person.cookies,
      from: newNetwork(),
    })
    expect(known.status).toBe(429)
  })

  test('second factors from after it was asked for are taken off, and their codes', async () => {
    const { person, newEmail, token } = await changedEmail(t)
    await addTotp(t, person)
    await addPasskey(t, person)
    expect((await signIn(t, newEmail)).body.code).toBe('second-factor-required')
    await refuse(token)
    const { status, body } = await signIn(t, person.email)
    expect(status).toBe(200)
    const left = await t.call('GET', '/v1/me/factors', { as: body.access_token })
    expect(left.body).toMatchObject({ methods: [], passkeys: [], recovery_codes_left: 0 })
    expect(await actionsOf(t, person.userId)).toContain('factor.removed')
  })

  test('a second factor from before stays, without codes that were made since', async () => {
    const holder = await registerWithTotp(t)
    t.moveClock(1)
    const { token } = await changedEmail(t, holder)
    const renewed = await t.call('POST', '/v1/me/factors/recovery-codes', { as: holder.accessToken })
    const [recovery_code] = renewed.body.recovery_codes
    await refuse(token)
    const { challenge } = await firstStep(t, holder)
    expect((await secondStep(t, challenge, { recovery_code })).body.code).toBe('wrong-second-factor')
    expect((await secondStep(t, challenge, { code: nextCode(t, holder) })).status).toBe(200)
  })

  test('what was linked since is taken off, and what was there before stays', async () => {
    const person = await registerVerified(t)
    const before = await withIdentity(t, person)
    t.moveClock(1)
    const { token } = await changedEmail(t, person)
    await withIdentity(t, person, 'microsoft')
    await refuse(token)
    const { body } = await signIn(t, person.email)
    const left = await t.call('GET', '/v1/me/identities', { as: body.access_token })
    expect(left.body.data.map(({ id }: { id: string }) => id)).toEqual([before])
  })

  test('a provider that spoke for the new address does not speak for the old one', async () => {
    const person = await registerVerified(t)
    await withIdentity(t, person)
    t.moveClock(1)
    const { token } = await changedEmail(t, person)
    // Whoever has the new mailbox comes in by it, which its provider vouches for.
    await t.app.pool.query('update oauth_identities set is_vouched = true where user_id = $1', [
      person.userId,
    ])
    await refuse(token)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email: person.email }, from: newNetwork() })
    const reset = { token: await tokenFor(t, '/reset-password', person.email), password: NEW_PASSWORD }
    expect((await t.call('POST', '/v1/auth/password/reset', { body: reset })).status).toBe(204)
    const { body } = await signIn(t, person.email, NEW_PASSWORD)
    expect((await t.call('GET', '/v1/me/identities', { as: body.access_token })).body.data).toEqual([])
  })

  test('a new password leaves that way open', async () => {
    const { person, newEmail, token } = await changedEmail(t)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email: newEmail }, from: newNetwork() })
    const reset = { token: await tokenFor(t, '/reset-password', newEmail), password: NEW_PASSWORD }
    expect((await t.call('POST', '/v1/auth/password/reset', { body: reset })).status).toBe(204)
    expect((await refuse(token)).status).toBe(204)
    expect((await signIn(t, person.email, NEW_PASSWORD)).status).toBe(200)
  })

  test('over several changes the first mailbox wins, and the one after it has no say any more', async () => {
    const first = await changedEmail(t)
    t.moveClock(1)
    const second = await changedEmail(t, { ...first.person, email: first.newEmail })
    expect((await refuse(first.token)).status).toBe(204)
    expect(await codeOf(refuse(second.token))).toBe('token-superseded')
    expect((await signIn(t, first.person.email)).status).toBe(200)
  })

  test('409 while somebody else has the address; the link stays', async () => {
    const { person, token } = await changedEmail(t)
    const squatter = await register(t, { email: person.email })
    expect(await codeOf(refuse(token))).toBe('email-already-registered')
    await t.call('DELETE', '/v1/me', { as: squatter.accessToken, body: {} })
    expect((await refuse(token)).status).toBe(204)
  })

  test('410 after seven days, 204 in their last second', async () => {
    const [early, late] = [await changedEmail(t), await changedEmail(t)]
    t.moveClock(7 * DAY - 1)
    expect((await refuse(early.token)).status).toBe(204)
    t.moveClock(1)
    expect(await codeOf(refuse(late.token))).toBe('token-expired')
  })
})

describe('422', () => {
  test.each([(email: string) => ` ${email.toUpperCase()} `, () => 'nobody', () => ''])(
    'what one has already, or what is no address: %s',
    async (typed) => {
      const person = await register(t)
      const reply = await requestEmailChange(t, person, typed(person.email))
      expect(reply.status).toBe(422)
      expect(reply.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '#/email' }] })
    },
  )
})

describe('429', () => {
  test('one address is asked once a minute, whoever wants it', async () => {
    const { newEmail } = await changing(t)
    expect((await requestEmailChange(t, await register(t), newEmail)).status).toBe(429)
    expect(await t.mailsTo(newEmail)).toHaveLength(1)
  })

  test('one user asks for five addresses an hour', async () => {
    const person = await register(t)
    const statuses = []
    for (let i = 0; i < 6; i++) statuses.push((await requestEmailChange(t, person, newAddress())).status)
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429])
  })
})

describe('REGISTRATION_PRIVACY=strict', () => {
  test('a known address looks like any other to who asks, and its owner gets a note instead of a link', async () => {
    const strict = await startTestAppWith({ REGISTRATION_PRIVACY: 'strict' })
    const enter = async () => {
      const email = newAddress()
      await strict.call('POST', '/v1/auth/register', { body: { email, password: PASSWORD } })
      const body = { token: await mailedToken(strict, email), token_delivery: 'body' }
      const reply = await strict.call('POST', '/v1/auth/email/verify', { body })
      return { email, accessToken: reply.body.tokens.access_token } as Person
    }
    const [person, owner] = [await enter(), await enter()]
    const seen = []
    for (const email of [owner.email, newAddress()]) {
      const reply = await requestEmailChange(strict, person, email)
      const [mail] = await strict.mailsTo(person.email)
      const oldToken = await tokenFor(strict, '/confirm-email-change', person.email)
      const confirmed = await confirmEmailChange(strict, oldToken)
      seen.push([reply.status, reply.body, mail?.subject, confirmed.status, confirmed.body.status])
    }
    expect(seen[0]).toEqual(seen[1])
    const [note] = await strict.mailsTo(owner.email)
    expect(note?.subject).toBe('You already have a Frontgate account')
    expect(note?.links).toEqual(['http://localhost:4000/sign-in'])
  })
})

describe('a change of address gives nobody a second trial', () => {
  const planOf = async (as: string) => (await t.call('GET', '/v1/billing/state', { as })).body.plan

  test('the mailbox that is proved by it has had the trial of its user', async () => {
    const { person, newEmail, token } = await changing(t, await register(t))
    await confirm(token)
    expect(await planOf(person.accessToken)).toBe('pro')
    await t.call('DELETE', '/v1/me', { as: person.accessToken, body: {} })
    expect(await planOf((await register(t, { email: newEmail })).accessToken)).toBe('free')
  })

  test('a trial ends with the change to a mailbox that has had one', async () => {
    const former = await registerVerified(t)
    await t.call('DELETE', '/v1/me', { as: former.accessToken, body: {} })
    const { person, token } = await changing(t, await register(t), former.email)
    expect(await planOf(person.accessToken)).toBe('pro')
    await confirm(token)
    expect(await planOf(person.accessToken)).toBe('free')
  })
})
