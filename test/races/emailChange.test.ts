import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  changedEmail,
  changing,
  confirmEmailChange,
  oldTokenOf,
  refuseEmailChange,
} from '../support/emailChanges.ts'
import { register, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { actionsOf } from '../support/trail.ts'

let t: TestApp
let replica: TestApp
beforeAll(async () => {
  t = await startTestApp()
  replica = await startTestApp({ DATABASE_URL: t.databaseUrl }, { work: false })
})
afterAll(async () => {
  await replica.close()
  await t.close()
})

test('of the two confirmations of a change that meet, one makes it and both are answered', async () => {
  for (let round = 0; round < 8; round++) {
    const asked = await changing(t)
    const oldToken = await oldTokenOf(t, asked)
    const replies = await Promise.all([
      confirmEmailChange(t, asked.token),
      confirmEmailChange(replica, oldToken),
    ])
    expect(replies.map(({ status, body }) => [status, body.status]).sort()).toEqual([
      [200, 'changed'],
      [200, 'waiting'],
    ])
    expect((await signIn(t, asked.newEmail)).status).toBe(200)
  }
})

test('of two users who change to one address at once, one gets it', async () => {
  for (let round = 0; round < 8; round++) {
    const one = await changing(t, await register(t))
    // One address is asked once a minute.
    t.moveClock(60)
    replica.moveClock(60)
    const two = await changing(t, await register(t), one.newEmail)
    const replies = await Promise.all([
      confirmEmailChange(t, one.token),
      confirmEmailChange(replica, two.token),
    ])
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409])
  }
})

test('of twenty who take a change back at once one does, and a refusal never meets a change halfway', async () => {
  const { person, token } = await changedEmail(t)
  const taken = await Promise.all(
    Array.from({ length: 20 }, (_, i) => refuseEmailChange(i % 2 ? t : replica, token)),
  )
  expect(taken.map(({ status }) => status).sort()).toEqual([204, ...Array(19).fill(410)])
  expect(
    (await actionsOf(t, person.userId)).filter((action) => action === 'email.change-undone'),
  ).toHaveLength(1)

  for (let round = 0; round < 8; round++) {
    const asked = await changing(t)
    const oldToken = await oldTokenOf(t, asked)
    await confirmEmailChange(t, asked.token)
    const [confirmed, refused] = await Promise.all([
      confirmEmailChange(t, oldToken),
      refuseEmailChange(replica, asked.token),
    ])
    expect([confirmed.status, refused.status].sort()).toEqual(
      confirmed.status === 200 ? [200, 410] : [204, 410],
    )
    const holds = confirmed.status === 200 ? asked.newEmail : asked.person.email
    expect((await signIn(t, holds)).status).toBe(200)
  }
})
