import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { invited, newMember, registerInvited, sendInvite } from '../support/invites.ts'
import { newAddress, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const url = '/v1/accounts/me/onboarding'
const get = async ({ accessToken: as }: Person) => (await t.call('GET', url, { as })).body
const change = ({ accessToken: as }: Person, body: object) => t.call('PATCH', url, { as, body })
const doneOf = async (person: Person) =>
  (await get(person)).steps.flatMap(({ step, done }: { step: string; done: boolean }) => (done ? [step] : []))
async function switchedTo(person: Person, accountId: string): Promise<Person> {
  const entered = { as: person.accessToken, body: { account_id: accountId } }
  const { body } = await t.call('POST', '/v1/auth/switch-account', entered)
  return { ...person, accountId, accessToken: body.access_token }
}

describe('getOnboarding', () => {
  test('200: nothing is done, and the mailbox comes first', async () => {
    expect(await get(await register(t))).toEqual({
      steps: [
        { step: 'verify_email', done: false, skipped: false },
        { step: 'name_account', done: false, skipped: false },
        { step: 'invite', done: false, skipped: false },
        { step: 'choose_plan', done: false, skipped: false },
      ],
      next: 'verify_email',
      answers: {},
      completed: false,
    })
  })

  test('200: step by step, from what has happened, until all is done', async () => {
    const ada = await registerVerified(t)
    expect(await get(ada)).toMatchObject({ next: 'name_account' })
    await t.call('PATCH', '/v1/accounts/me', { as: ada.accessToken, body: { name: 'Engines' } })
    expect(await get(ada)).toMatchObject({ next: 'invite' })
    await sendInvite(t, ada, newAddress())
    expect(await get(ada)).toMatchObject({ next: 'choose_plan', completed: false })
    await giveGrant(t, ada.accountId, { source: 'complimentary', plan: 'pro' })
    const { steps, ...rest } = await get(ada)
    expect(rest).toEqual({ next: null, answers: {}, completed: true })
    expect(steps.every(({ done }: { done: boolean }) => done)).toBe(true)
  })

  test('200: a name is chosen also at registration, and for another account', async () => {
    const ada = await register(t, { account_name: 'Engines' })
    expect(await doneOf(ada)).toEqual(['name_account'])
    const { body } = await t.call('POST', '/v1/accounts', { as: ada.accessToken, body: { name: 'More' } })
    const there = await switchedTo(ada, body.id)
    expect(await doneOf(there)).toEqual(['name_account'])
  })

  test('200: an invite counts that was revoked, and members count without one', async () => {
    const ada = await registerVerified(t)
    const { id } = await invited(t, ada, newAddress())
    await t.call('DELETE', `/v1/accounts/me/invites/${id}`, { as: ada.accessToken })
    expect(await doneOf(ada)).toContain('invite')
    const eve = await registerVerified(t)
    await t.app.pool.query(
      `insert into members (account_id, user_id, role, created_at) values ($1, $2, 'viewer', $3)`,
      [eve.accountId, ada.userId, t.app.now()],
    )
    expect(await doneOf(await switchedTo(ada, eve.accountId))).toContain('invite')
  })

  test('200: a plan is chosen as long as one is in force that is no trial', async () => {
    const ada = await registerVerified(t)
    const until = instant(t, DAY_SECONDS)
    await giveGrant(t, ada.accountId, { source: 'trial', plan: 'team', until })
    expect(await doneOf(ada)).not.toContain('choose_plan')
    await giveGrant(t, ada.accountId, { source: 'override', plan: 'pro', until })
    expect(await doneOf(ada)).toContain('choose_plan')
    await t.advance(DAY_SECONDS)
    ada.accessToken = (await signIn(t, ada.email)).body.access_token
    expect(await doneOf(ada)).not.toContain('choose_plan')
  })

  test('200: the mailbox is that of whoever asks, all else is the account’s, and of no other account', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const bob = await newMember(t, ada, 'viewer')
    await change(ada, { answers: { goal: 'speed' }, skip: ['choose_plan'] })
    await t.app.pool.query('update users set email_verified_at = null where id = $1', [bob.userId])
    bob.accessToken = (await signIn(t, bob.email)).body.access_token
    expect(await get(bob)).toMatchObject({ next: 'verify_email', answers: { goal: 'speed' } })
    expect(await get(ada)).toMatchObject({ next: null, completed: true, answers: { goal: 'speed' } })
    expect(await get(await register(t))).toMatchObject({ answers: {} })
  })
})

describe('changeOnboarding', () => {
  test('200: answers are merged into those that are there, on whatever device; null takes one away', async () => {
    const ada = await registerVerified(t)
    const first = await change(ada, {
      answers: { goal: 'speed', 'team.size': 12, tools: ['a', 'b'], news: false },
    })
    expect(first.status).toBe(200)
    expect(first.body).toMatchObject({ next: 'name_account', answers: { goal: 'speed', 'team.size': 12 } })
    const elsewhere = { ...ada, accessToken: (await signIn(t, ada.email)).body.access_token }
    const answers = { goal: null, tools: [], 'team.size': 0.5, why: '’tis 😀 "so"\n' }
    const { body } = await change(elsewhere, { answers })
    expect(body.answers).toEqual({ 'team.size': 0.5, tools: [], news: false, why: '’tis 😀 "so"\n' })
    expect(await get(ada)).toEqual(body)
    expect((await change(ada, {})).body).toEqual(body)
  })

  test('200: steps are put off and taken up again; what is done is done', async () => {
    const ada = await registerVerified(t)
    const skipped = async () => {
      const { steps, next } = await get(ada)
      const those = steps.filter((step: { skipped: boolean }) => step.skipped)
      return [...those.map(({ step }: { step: string }) => step), next]
    }
    await change(ada, { skip: ['name_account'] })
    await change(ada, { skip: ['choose_plan', 'name_account'] })
    expect(await skipped()).toEqual(['name_account', 'choose_plan', 'invite'])
    expect((await change(ada, { skip: ['invite'] })).body).toMatchObject({ next: null, completed: true })
    await change(ada, { skip: ['invite'], unskip: ['name_account', 'invite'] })
    expect(await skipped()).toEqual(['choose_plan', 'name_account'])
    await t.call('PATCH', '/v1/accounts/me', { as: ada.accessToken, body: { name: 'Engines' } })
    await change(ada, { skip: ['name_account'] })
    const [, named] = (await get(ada)).steps
    expect(named).toEqual({ step: 'name_account', done: true, skipped: true })
  })

  test('200: changes of different answers at once all stay', async () => {
    const ada = await registerVerified(t)
    const names = Array.from({ length: 20 }, (_, i) => `answer_${i}`)
    const replies = await Promise.all(names.map((name, i) => change(ada, { answers: { [name]: i } })))
    expect(replies.map(({ status }) => status)).toEqual(names.map(() => 200))
    expect((await get(ada)).answers).toEqual(Object.fromEntries(names.map((name, i) => [name, i])))
  })

  test('403: a viewer', async () => {
    const ada = await registerVerified(t)
    const viewer = await newMember(t, ada, 'viewer')
    expect((await change(viewer, { answers: { goal: 'speed' } })).body.code).toBe('forbidden')
    expect((await get(ada)).answers).toEqual({})
  })

  test.each<[string, object, string]>([
    ['the mailbox cannot be put off', { skip: ['verify_email'] }, '#/skip/0'],
    ['a step that is none', { unskip: ['dance'] }, '#/unskip/0'],
    ['an object', { answers: { goal: { deep: 1 } } }, '#/answers/goal'],
    ['a list of others than text', { answers: { goal: [1] } }, '#/answers/goal'],
    ['a text that is too long', { answers: { goal: 'x'.repeat(1001) } }, '#/answers/goal'],
    ['half a character', { answers: { goal: '\ud800' } }, '#/answers/goal'],
    ['half a character in a list', { answers: { goal: ['\udc00'] } }, '#/answers/goal'],
    ['U+0000', { answers: { goal: '\0' } }, '#'],
    ['a name that is too long', { answers: { ['x'.repeat(65)]: 1 } }, '#/answers'],
    ['a name of other characters', { answers: { 'ada@customer.example': 1 } }, '#/answers'],
    [
      'too many',
      { answers: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`a${i}`, i])) },
      '#/answers',
    ],
  ])('422: %s', async (_name, body, pointer) => {
    const ada = await register(t)
    const reply = await change(ada, body)
    expect(reply.status, reply.text).toBe(422)
    for (const error of reply.body.errors) expect(error.pointer.startsWith(pointer), error.pointer).toBe(true)
    expect((await get(ada)).answers).toEqual({})
  })

  test('422: each answer of a wrong kind is told of once, with what helps', async () => {
    const ada = await register(t)
    const answers = { goal: {}, goals: [1], name: 'x'.repeat(1001), fine: 1 }
    const { body } = await change(ada, { answers })
    expect(body.errors).toEqual([
      { pointer: '#/answers/goal', detail: 'must be string, number, boolean, array or null' },
      { pointer: '#/answers/goals/0', detail: 'must be string' },
      { pointer: '#/answers/name', detail: 'must NOT have more than 1000 characters' },
    ])
  })

  test('422: more than fifty answers together, however they come in; those that are there stay', async () => {
    const ada = await register(t)
    const some = (from: number, count: number, value: number | null = 1) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`answer_${from + i}`, value]))
    await change(ada, { answers: some(0, 48) })
    const replies = await Promise.all([48, 49, 50, 51].map((i) => change(ada, { answers: some(i, 1) })))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 422, 422])
    expect(Object.keys((await get(ada)).answers)).toHaveLength(50)
    const traded = { ...some(0, 2, null), ...some(60, 2) }
    expect((await change(ada, { answers: traded })).status).toBe(200)
    expect(Object.keys((await get(ada)).answers)).toHaveLength(50)
  })

  test('is in the trail by names, without what was answered', async () => {
    const ada = await register(t)
    await change(ada, { answers: { goal: 'secret plans' }, skip: ['invite'] })
    const { rows } = await t.app.pool.query(
      `select details from audit_log where account_id = $1 and action = 'onboarding.changed'`,
      [ada.accountId],
    )
    expect(rows).toEqual([{ details: { answers: ['goal'], skipped: ['invite'], unskipped: [] } }])
  })
})

test('an account that somebody joins has its own beginning, not theirs', async () => {
  const ada = await registerVerified(t, { account_name: 'Engines' })
  const email = newAddress('bob')
  const { token } = await invited(t, ada, email)
  const { body } = await registerInvited(t, email, token, { account_name: 'Ignored' })
  const { body: seen } = await t.call('GET', url, { as: body.access_token })
  expect(seen).toMatchObject({ next: 'choose_plan' })
})
