import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Journey, openJourney } from '../support/journey.ts'
import { signUp, verify } from './steps.ts'

const MINUTES = 5 * 60_000
const PASSWORD = 'correct horse battery staple'

let j: Journey
beforeAll(async () => {
  j = await openJourney('secondFactor')
}, MINUTES)
afterAll(() => j?.close())

/** The code that an app with this secret shows; each is good once, so that the clock moves on first. */
async function nextCode(secret: string): Promise<string> {
  await j.advance(30 / 86_400)
  const { now } = (await j.control('GET', '/clock')) as unknown as { now: string }
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.parse(now) })
}

async function signedUp(name: string, email: string, settings = {}): Promise<Page> {
  const page = await j.sitDown(settings)
  await page.goto('/sign-up')
  await signUp(j, page, { name, email })
  await verify(j, page, email)
  return page
}

/** Sets up an authenticator app, and returns its secret and the recovery codes. */
async function setUpApp(page: Page, picture: string): Promise<{ secret: string; codes: string[] }> {
  await page.getByRole('button', { name: 'Set up an authenticator app' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('img', { name: 'QR code' }).waitFor()
  await j.picture(page, `${picture}, to scan`)
  const secret = ((await dialog.locator('code').textContent()) ?? '').replaceAll(' ', '')
  await dialog.getByLabel('Code of your authenticator app').fill(await nextCode(secret))
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  const codes = await page.getByRole('dialog').getByRole('listitem').allTextContents()
  expect(codes).toHaveLength(10)
  await j.picture(page, `${picture}, recovery codes`)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  return { secret, codes }
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.goto('/sign-in?return_to=/security')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'One more step' }).waitFor()
}

test(
  'an owner protects their account with an app and a passkey, comes in with each, and asks the members for the same',
  async () => {
    const email = 'lovelace@engines.example'
    const page = await signedUp('Ada Lovelace', email)
    await page.goto('/security')
    const { secret, codes } = await setUpApp(page, 'an app')
    await page.getByText('10 are left').waitFor()

    const devtools = await page.context().newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('Work laptop')
    await j.picture(page, 'a passkey to name')
    await page.getByRole('dialog').getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByRole('button', { name: 'Remove the passkey Work laptop' }).waitFor()
    await j.picture(page, 'both factors')

    await signOut(page)
    await signIn(page, email)
    await j.picture(page, 'the second step')
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()

    // Somewhere else there is no passkey: a wrong code is told, the right one leads on.
    const elsewhere = await j.sitDown()
    await signIn(elsewhere, email)
    const code = elsewhere.getByLabel('Code of your authenticator app')
    expect(await code.getAttribute('autocomplete')).toBe('one-time-code')
    await code.fill('000000')
    await elsewhere.getByRole('button', { name: 'Sign in', exact: true }).click()
    await elsewhere.getByText('That did not fit').waitFor()
    await j.picture(elsewhere, 'a wrong code')
    await code.fill(await nextCode(secret))
    await elsewhere.getByRole('button', { name: 'Sign in', exact: true }).click()
    await elsewhere.getByRole('heading', { name: 'Security', level: 1 }).waitFor()

    const lost = await j.sitDown({ viewport: { width: 390, height: 800 }, locale: 'de' })
    await lost.goto('/sign-in')
    await lost.getByLabel('E-Mail').fill(email)
    await lost.getByLabel('Passwort', { exact: true }).fill(PASSWORD)
    await lost.getByRole('button', { name: 'Anmelden', exact: true }).click()
    await lost.getByRole('button', { name: 'Stattdessen einen Wiederherstellungscode eingeben' }).click()
    await lost.getByLabel('Wiederherstellungscode').fill(codes[0] ?? '')
    await j.picture(lost, 'a recovery code on a telephone')
    await lost.getByRole('button', { name: 'Anmelden', exact: true }).click()
    await lost.getByRole('heading', { level: 1, name: 'Konto' }).waitFor()
    await lost.goto('/security')
    await lost.getByText('9 sind übrig').waitFor()
    await j.picture(lost, 'security on a telephone')

    await page.goto('/account')
    await page.getByLabel('Ask all members for a second factor').check()
    await expect.poll(() => page.getByLabel('Ask all members for a second factor').isEnabled()).toBe(true)
    await j.picture(page, 'the account asks')
    await page.goto('/members')
    await page.getByLabel('E-mail addresses').fill('babbage@engines.example')
    await page.getByRole('button', { name: 'Send 1 invite' }).click()
    await page.getByText('babbage@engines.example').first().waitFor()
    await page.getByText(/· second factor/).waitFor()
    await j.picture(page, 'members with factors')
  },
  MINUTES,
)

test(
  'whoever is invited there sees what is missing, adds it, and is in',
  async () => {
    const page = await j.sitDown()
    const mail = await j.mailTo('babbage@engines.example', /invites you/)
    await page.goto(mail.links[0])
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign up and join' }).click()
    await page.getByRole('heading', { name: /^You are in/ }).waitFor()
    await page.goto('/billing')
    await page.getByRole('heading', { name: /asks for a second factor/ }).waitFor()
    await j.picture(page, 'what a member without a factor sees')
    await page.getByRole('link', { name: 'To your security settings' }).click()
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
    await j.picture(page, 'security of a member without a factor')
    await setUpApp(page, 'an app of a member')
    await page.getByRole('link', { name: 'Plan and billing' }).click()
    await page.getByRole('heading', { name: 'Plan and billing', level: 1 }).waitFor()
    await j.picture(page, 'the account is open')
  },
  MINUTES,
)

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account menu/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
  await page
    .getByRole('heading', { name: /Sign in|Welcome back/ })
    .first()
    .waitFor()
}
