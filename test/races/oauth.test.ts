import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from '../support/browser.ts'
import { type OauthApp, startOauthApp } from '../support/oauthApp.ts'
import {
  answerOf,
  atGoogle,
  atMicrosoft,
  comeBy,
  errorOf,
  isSignedIn,
  tokensOf,
} from '../support/oauthPeople.ts'
import { mailedToken, newAddress, PASSWORD, register, registerVerified, signIn } from '../support/people.ts'

const ROUNDS = 3

let t: OauthApp
beforeAll(async () => {
  t = await startOauthApp()
})
afterAll(() => t?.close())

/** Brings the answers of all these browsers at once, and returns the codes that they were told. */
function bringAll(answers: { browser: Browser; answer: URL }[]): Promise<(string | null)[]> {
  return Promise.all(answers.map(async ({ browser, answer }) => errorOf(await browser.open(answer.href))))
}

async function answersOf(count: number, answerIn: (browser: Browser, i: number) => Promise<URL>) {
  const browsers = Array.from({ length: count }, () => t.browser())
  return Promise.all(browsers.map(async (browser, i) => ({ browser, answer: await answerIn(browser, i) })))
}

async function usersIn(answers: { browser: Browser }[]): Promise<Set<string>> {
  const tokens = await Promise.all(answers.map(({ browser }) => tokensOf(t, browser)))
  return new Set(tokens.map(({ user }) => user.id))
}

test('one answer, brought many times at once, is taken once', async () => {
  const browser = t.browser()
  const answer = await answerOf(browser, 'google', atGoogle(t))
  const outcomes = await bringAll(Array.from({ length: 12 }, () => ({ browser, answer })))
  expect(outcomes.filter((code) => code === null)).toHaveLength(1)
  expect(outcomes.filter((code) => code === 'oauth-failed')).toHaveLength(11)
})

test('one person who comes for the first time in many tabs at once is one user with one account', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const person = atGoogle(t)
    const answers = await answersOf(4, (browser) => answerOf(browser, 'google', person))
    expect(await bringAll(answers)).toEqual([null, null, null, null])
    expect((await usersIn(answers)).size).toBe(1)
    const [first] = answers
    expect((await tokensOf(t, first?.browser as Browser)).accounts).toHaveLength(1)
  }
})

test('one mailbox that comes by Google and by Microsoft at once is one user with two identities', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const email = newAddress('both')
    const [google, microsoft] = [atGoogle(t, { email }), atMicrosoft(t, { email })]
    const answers = await answersOf(2, (browser, i) =>
      i === 0 ? answerOf(browser, 'google', google) : answerOf(browser, 'microsoft', microsoft),
    )
    expect(await bringAll(answers)).toEqual([null, null])
    expect((await usersIn(answers)).size).toBe(1)
  }
})

describe('an identity', () => {
  test('that two users link at once is one user’s', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const person = atGoogle(t)
      const answers = await answersOf(2, async (browser) => {
        await comeBy(browser, 'microsoft', atMicrosoft(t))
        return answerOf(browser, 'google', person, { intent: 'link' })
      })
      expect((await bringAll(answers)).sort()).toEqual(['identity-already-linked', null])
    }
  })

  test('is never the last that is unlinked, also when two are unlinked at once', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const browser = t.browser()
      await comeBy(browser, 'google', atGoogle(t))
      await comeBy(browser, 'microsoft', atMicrosoft(t), { intent: 'link' })
      const { access_token: as } = await tokensOf(t, browser)
      const { body } = await t.call('GET', '/v1/me/identities', { as })
      const replies = await Promise.all(
        body.data.map(({ id }: { id: string }) => t.call('DELETE', `/v1/me/identities/${id}`, { as })),
      )
      expect(replies.map(({ status }) => status).sort()).toEqual([204, 409])
    }
  })

  test('that is unlinked while somebody signs in with it leaves no session behind', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { email, accessToken: as } = await registerVerified(t)
      const person = atGoogle(t, { email })
      await comeBy(t.browser(), 'google', person)
      const { body } = await t.call('GET', '/v1/me/identities', { as })
      // By the time it comes it is unlinked, and its address alone joins it anew; or it comes first, and is ended.
      atGoogle(t, { ...person, email_verified: false })
      const browser = t.browser()
      const answer = await answerOf(browser, 'google', person)
      await Promise.all([
        t.call('DELETE', `/v1/me/identities/${body.data[0].id}`, { as }),
        browser.open(answer.href),
      ])
      expect(await isSignedIn(t, browser)).toBe(false)
    }
  })
})

describe('a squatter who acts while the owner comes', () => {
  test.each([
    ['signs in', ({ email }: { email: string }) => signIn(t, email)],
    [
      'refreshes',
      ({ refreshToken }: { refreshToken: string }) =>
        t.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } }),
    ],
    [
      'changes the password',
      ({ accessToken: as }: { accessToken: string }) =>
        t.call('POST', '/v1/auth/password/change', {
          as,
          body: { current_password: PASSWORD, new_password: 'quite another staple battery' },
        }),
    ],
    [
      'creates an account',
      ({ accessToken: as }: { accessToken: string }) =>
        t.call('POST', '/v1/accounts', { as, body: { name: 'Trap' } }),
    ],
    [
      'deletes the user',
      ({ accessToken: as }: { accessToken: string }) => t.call('DELETE', '/v1/me', { as, body: {} }),
    ],
  ])('%s: keeps no session, and the owner is in', async (_what, act) => {
    for (let round = 0; round < ROUNDS; round++) {
      const squatter = await register(t)
      const browser = t.browser()
      const answer = await answerOf(browser, 'google', atGoogle(t, { email: squatter.email }))
      const [done] = await Promise.all([act(squatter), browser.open(answer.href)])
      const { user, accounts } = await tokensOf(t, browser)
      expect(user).toMatchObject({ email: squatter.email, email_verified: true })
      expect(accounts).toHaveLength(1)
      const sessions = [squatter.accessToken, done.body?.access_token].filter(Boolean)
      for (const as of sessions) expect((await t.call('GET', '/v1/me', { as })).status).toBe(401)
      for (const password of [PASSWORD, 'quite another staple battery'])
        expect((await signIn(t, squatter.email, password, '127.47.0.1')).status).toBe(409)
    }
  })

  test('verifies the mailbox: the owner is in, and it is one user', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { email } = await register(t)
      const token = await mailedToken(t, email)
      const browser = t.browser()
      const answer = await answerOf(browser, 'google', atGoogle(t, { email }))
      const [verified] = await Promise.all([
        t.call('POST', '/v1/auth/email/verify', { body: { token } }),
        browser.open(answer.href),
      ])
      expect([200, 410]).toContain(verified.status)
      expect((await tokensOf(t, browser)).user).toMatchObject({ email, email_verified: true })
    }
  })
})
