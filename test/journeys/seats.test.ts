import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Journey, openJourney } from '../support/journey.ts'
import { choosePlan, payWith } from './steps.ts'

const MINUTES = 5 * 60_000
let j: Journey
beforeAll(async () => {
  j = await openJourney('seats')
}, MINUTES)
afterAll(() => j?.close())

test(
  'seats that nobody asked for follow the members down',
  async () => {
    const owner = await foundAccount([
      'jacquard@looms.example',
      'vaucanson@looms.example',
      'falcon@looms.example',
    ])
    await owner.goto('/billing')
    await choosePlan(owner, 'Team')
    await payWith(owner, '4242')
    await owner.getByRole('heading', { name: 'Thank you!' }).waitFor()
    await owner.goto('/billing')
    await owner.getByText('3 of 3 seats taken').waitFor()
    await j.picture(owner, 'three seats')

    await remove(owner, 'falcon@looms.example')
    await j.advance(1 / 24)
    await owner.goto('/billing')
    await owner.getByText('2 of 2 seats taken').waitFor()
    await j.picture(owner, 'two seats')
  },
  MINUTES,
)

test(
  'an upgrade says what it costs before it is made, and reckons anew what has become too old',
  async () => {
    const owner = await foundAccount(['arkwright@mills.example', 'crompton@mills.example'])
    await j.advance(15)
    await owner.goto('/billing')
    await choosePlan(owner, 'Pro')
    await payWith(owner, '4242')
    await owner.getByRole('heading', { name: 'Thank you!' }).waitFor()
    // Half of the month is left to pay for.
    await j.advance(15)

    await owner.goto('/billing')
    await owner.getByRole('button', { name: 'Change to Team' }).click()
    const dialog = owner.getByRole('dialog')
    const pay = dialog.getByRole('button', { name: /^Pay \$.* and change$/ })
    await dialog.getByText('To pay now').waitFor()
    await dialog.getByText('$38 a month (2 seats)').first().waitFor()
    await pay.waitFor()
    await j.picture(owner, 'what the upgrade costs')
    await j.advance(1 / 48)
    await pay.click()
    await dialog.getByText('The amount was reckoned anew').waitFor()
    await j.picture(owner, 'reckoned anew')
    await pay.click()
    await dialog.waitFor({ state: 'hidden' })
    await owner.getByText('2 of 2 seats taken').waitFor()
    await owner.getByRole('heading', { name: 'Team', level: 2 }).waitFor()
    await j.picture(owner, 'upgraded')

    await remove(owner, 'crompton@mills.example')
    await j.advance(1 / 24)
    await owner.goto('/billing')
    await owner.getByText('1 of 1 seats taken').waitFor()
  },
  MINUTES,
)

/** Somebody with an account of their own, in its trial, that the others have joined; by the API, as pages are tried elsewhere. */
async function foundAccount([owner, ...others]: string[]): Promise<Page> {
  const page = await j.sitDown()
  const password = 'correct horse battery staple'
  const { access_token } = await post(page, '/v1/auth/register', { email: owner, password })
  await post(page, '/v1/auth/email/verify', { token: await mailedTo(owner, /Verify/) })
  const headers = { authorization: `Bearer ${access_token}` }
  const invites = others.map((email) => ({ email, role: 'member' }))
  await post(page, '/v1/accounts/me/invites/bulk', { invites }, headers)
  for (const email of others) {
    const colleague = await j.sitDown()
    const invite_token = await mailedTo(email, /invite|join/i)
    await post(colleague, '/v1/auth/register', { email, password, invite_token })
    await colleague.context().close()
  }
  return page
}

async function post(page: Page, path: string, data: object, headers = {}) {
  const reply = await page.request.post(path, { data, headers })
  expect(reply.ok(), `${path}: ${reply.status()}`).toBe(true)
  return reply.json()
}

async function mailedTo(email: string | undefined, subject: RegExp): Promise<string | null> {
  const { links } = await j.mailTo(`${email}`, subject)
  return new URL(links[0]).searchParams.get('token')
}

async function remove(page: Page, email: string): Promise<void> {
  await page.goto('/members')
  await page.getByRole('button', { name: `Actions for ${email}` }).click()
  await page.getByRole('menuitem', { name: 'Remove from the account' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await dialog.waitFor({ state: 'hidden' })
}
