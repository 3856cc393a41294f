import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailedToken, register, registerVerified, signIn } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import { actionsOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const disown = (token: string) => t.call('POST', '/v1/auth/email/disown', { body: { token } })

test('whoever has the mailbox takes their address off a stranger’s user, which opens nothing any more', async () => {
  const squatter = await register(t)
  const token = await mailedToken(t, squatter.email)
  expect((await disown(token)).status).toBe(204)
  expect((await t.call('GET', '/v1/me', { as: squatter.accessToken })).status).toBe(401)
  const refresh = { body: { refresh_token: squatter.refreshToken } }
  expect((await t.call('POST', '/v1/auth/refresh', refresh)).status).toBe(401)
  expect((await signIn(t, squatter.email)).status).toBe(401)
  expect(await actionsOf(t, squatter.userId)).toContain('user.disowned')
  // It is free again, and whoever has the mailbox gets a trial of their own.
  const owner = await registerVerified(t, { email: squatter.email })
  const state = await t.call('GET', '/v1/billing/state', { as: owner.accessToken })
  expect(state.body.subscription).toMatchObject({ status: 'trialing', trial_days_remaining: 14 })
})

test('in strict mode too, where the link would have signed in', async () => {
  const strict = await startTestAppWith({ REGISTRATION_PRIVACY: 'strict' })
  const email = 'victim@customer.example'
  const body = { email, password: 'correct horse battery staple' }
  await strict.call('POST', '/v1/auth/register', { body })
  const token = await mailedToken(strict, email)
  expect((await strict.call('POST', '/v1/auth/email/disown', { body: { token } })).status).toBe(204)
  const verified = await strict.call('POST', '/v1/auth/email/verify', { body: { token } })
  expect(verified.body.code).toBe('token-used')
})

describe('takes nothing from a mailbox that is proved', () => {
  test('by an older link', async () => {
    const person = await register(t)
    const token = await mailedToken(t, person.email)
    await t.call('POST', '/v1/auth/email/verify', { body: { token } })
    expect((await disown(token)).body.code).toBe('token-used')
    expect((await t.call('GET', '/v1/me', { as: person.accessToken })).status).toBe(200)
  })

  test('also when the link is used for both at once: one of the two holds', async () => {
    for (let round = 0; round < 5; round++) {
      const { email, accessToken: as } = await register(t)
      const token = await mailedToken(t, email)
      const [verified, disowned] = await Promise.all([
        t.call('POST', '/v1/auth/email/verify', { body: { token } }),
        disown(token),
      ])
      expect([verified.status, disowned.status].sort()).toEqual(
        verified.status === 200 ? [200, 410] : [204, 410],
      )
      expect((await t.call('GET', '/v1/me', { as })).status).toBe(verified.status === 200 ? 200 : 401)
    }
  })
})
