import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Journey, openJourney } from '../support/journey.ts'
import { choosePlan, isOpen, payWith, signUp, verify } from './steps.ts'

const MINUTES = 5 * 60_000
let j: Journey
beforeAll(async () => {
  j = await openJourney('buyer')
}, 2 * MINUTES)
afterAll(() => j?.close())

test(
  'a visitor signs up, invites a colleague, pays, cancels, and finds the way back',
  async () => {
    const ada = await j.sitDown()
    await ada.goto('/')
    await ada.getByRole('heading', { name: 'Plans and prices' }).waitFor()
    await j.picture(ada, 'pricing')
    await ada.getByRole('link', { name: 'Start free trial' }).first().click()
    await signUp(j, ada, { name: 'Ada Lovelace', email: 'ada@engines.example' })
    await verify(j, ada, 'ada@engines.example')

    await ada.goto('/welcome')
    await nameAccount(ada, 'Analytical Engines')
    await j.picture(ada, 'onboarding, inviting')
    await ada.getByLabel('E-mail addresses').fill('charles@engines.example, Charles@engines.example, nobody')
    await ada.getByRole('button', { name: /^Send .*invite/ }).click()
    await ada.getByText('Listed twice').waitFor()
    await j.picture(ada, 'onboarding, what became of the invites')

    const charles = await j.sitDown({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
    const invite = await j.mailTo('charles@engines.example', /invite|join/i)
    await charles.goto(invite.links[0])
    await charles.getByRole('heading', { name: 'Join Analytical Engines' }).waitFor()
    await j.picture(charles, 'invite on a phone')
    await charles.getByLabel('Your name').fill('Charles Babbage')
    await charles.getByLabel('Password', { exact: true }).fill('correct horse battery staple')
    await charles.getByRole('button', { name: 'Sign up and join' }).click()
    await charles.getByRole('heading', { name: 'You are in Analytical Engines' }).waitFor()

    await ada.goto('/members')
    await ada.getByText('Charles Babbage').first().waitFor()
    await j.picture(ada, 'members')

    await ada.goto('/billing')
    await j.picture(ada, 'billing in the trial')
    await choosePlan(ada, 'Pro')
    await j.picture(ada, 'checkout at Stripe')
    await payWith(ada, '4242')
    await ada.getByRole('heading', { name: 'Thank you!' }).waitFor()
    await j.picture(ada, 'back from Stripe')
    expect(await isOpen(j, ada)).toBe(true)

    // A trial goes on and is paid at its end: it is canceled once it has been.
    await j.advance(20)
    await ada.goto('/billing')
    await ada.getByText('It renews on').waitFor()
    await j.picture(ada, 'billing, paid')
    await ada.getByRole('button', { name: 'Cancel the plan' }).click()
    await j.picture(ada, 'what closes when it is canceled')
    await ada.getByRole('button', { name: /^Cancel on/ }).click()
    await ada.getByText('is canceled and stays open until').waitFor()
    await j.picture(ada, 'billing, canceled')
    expect(await isOpen(j, ada)).toBe(true)

    await j.advance(25)
    expect(await isOpen(j, ada)).toBe(false)
    await j.picture(ada, 'the product, closed')
    await ada.goto('/billing')
    await ada.getByText('The subscription has ended').waitFor()
    await ada.getByRole('button', { name: 'Choose Pro' }).waitFor()
    await j.picture(ada, 'billing, ended, with the way back')
    expect(await keptInStorage(ada)).not.toMatch(/eyJ|token/i)
  },
  MINUTES,
)

test(
  'a card that is declined costs nothing, and 3-D Secure asks the bank',
  async () => {
    const grace = await j.sitDown()
    await grace.goto('/sign-up')
    await signUp(j, grace, { name: 'Grace Hopper', email: 'grace@navy.example' })
    await verify(j, grace, 'grace@navy.example')
    await j.advance(15)
    await grace.goto('/billing')
    await grace.getByText('Your trial ended on').first().waitFor()
    await j.picture(grace, 'trial over')
    expect(await isOpen(j, grace)).toBe(false)

    await grace.goto('/billing')
    await choosePlan(grace, 'Pro')
    await payWith(grace, '0002')
    await grace.getByRole('alert').waitFor()
    await j.picture(grace, 'card declined')
    await payWith(grace, '3184')
    await grace.getByRole('heading', { name: 'Your bank asks' }).waitFor()
    await j.picture(grace, '3-D Secure')
    await grace.getByRole('button', { name: 'Approve' }).click()
    await grace.getByRole('heading', { name: 'Thank you!' }).waitFor()
    expect(await isOpen(j, grace)).toBe(true)
  },
  MINUTES,
)

test(
  'somebody who comes by Google needs no mail, and types nothing',
  async () => {
    const linus = await j.sitDown()
    await linus.goto('/sign-up')
    await linus.getByRole('link', { name: 'Continue with Google' }).click()
    await linus.getByRole('heading', { name: 'Choose an account' }).waitFor()
    await j.picture(linus, 'people at Google')
    await linus.locator('summary').click()
    const made = linus.locator('form').filter({ hasText: 'Make and sign in' })
    await made.getByLabel('E-mail').fill('linus@kernel.example')
    await made.getByLabel('Name', { exact: true }).fill('Linus')
    // Google vouches for addresses of the domain that it hosts, so no mail is needed.
    await made.getByLabel(/^Hosted domain/).fill('kernel.example')
    await made.getByRole('button', { name: 'Make and sign in' }).click()
    await linus.waitForURL(`${j.sandbox.serviceUrl}/**`)
    expect(await isOpen(j, linus)).toBe(true)
    await linus.goto('/security')
    await linus.getByText('linus@kernel.example').first().waitFor()
    await j.picture(linus, 'security, by Google')

    await linus.goto('/billing')
    await choosePlan(linus, 'Pro')
    await payWith(linus, '4242')
    await linus.getByRole('heading', { name: 'Thank you!' }).waitFor()
    await j.advance(20)
    await linus.goto('/billing')
    await linus.getByRole('button', { name: 'Cancel the plan' }).click()
    await linus.getByRole('button', { name: /^Cancel on/ }).click()
    await linus.getByText('is canceled and stays open until').waitFor()
    await j.advance(25)
    expect(await isOpen(j, linus)).toBe(false)
    await linus.goto('/billing')
    await linus.getByRole('button', { name: 'Choose Pro' }).waitFor()
  },
  MINUTES,
)

test(
  'the reminder before the end of a trial leads to paying',
  async () => {
    const mary = await j.sitDown({ locale: 'de-DE' })
    await mary.goto('/sign-up')
    await mary.getByRole('heading', { name: /Konto/ }).waitFor()
    await j.picture(mary, 'sign-up in German')
    const english = await j.sitDown()
    await english.goto('/sign-up')
    await signUp(j, english, { name: 'Mary Jackson', email: 'mary@nasa.example' })
    await verify(j, english, 'mary@nasa.example')
    await j.advance(12)
    const reminder = await j.mailTo('mary@nasa.example', /trial/i)
    await english.goto(reminder.links[0])
    await english
      .getByText(/Your trial/)
      .first()
      .waitFor()
    await j.picture(english, 'where the reminder leads')
    await english.goto('/billing')
    await choosePlan(english, 'Pro')
    await payWith(english, '4242')
    await english.getByRole('heading', { name: 'Thank you!' }).waitFor()
    await j.advance(10)
    expect(await isOpen(j, english)).toBe(true)
  },
  MINUTES,
)

async function nameAccount(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { name: 'Name your account' }).waitFor()
  await page.getByLabel('Name of the account').fill(name)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'Invite the people you work with' }).waitFor()
}

function keptInStorage(page: Page): Promise<string> {
  return page.evaluate<string>('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')
}
