import { readFile } from 'node:fs/promises'
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Journey, openJourney } from '../support/journey.ts'
import { isOpen, signUp, verify } from './steps.ts'

const MINUTES = 5 * 60_000
let j: Journey
beforeAll(async () => {
  j = await openJourney('operator')
}, 2 * MINUTES)
afterAll(() => j?.close())

/** A browser of an operator, at the search for accounts. */
async function signInStaff(email: string): Promise<Page> {
  await j.control('POST', '/operators', { email })
  const staff = await j.sitDown()
  await followLink(staff, email)
  await staff.getByRole('searchbox').waitFor()
  return staff
}

/** Asks for a link and follows it. */
async function followLink(staff: Page, email: string): Promise<void> {
  await staff.goto('/operator')
  await staff.getByLabel('E-mail').fill(email)
  await staff.getByRole('button', { name: /link/i }).click()
  const mail = await j.mailTo(email, /sign in/i)
  await staff.goto(mail.links[0])
  await staff.getByRole('button', { name: /sign in/i }).click()
}

test(
  'an operator gives an account a plan, and the member sees it',
  async () => {
    const ada = await j.sitDown()
    await ada.goto('/sign-up')
    await signUp(j, ada, { name: 'Ada Lovelace', email: 'ada@engines.example' })
    await verify(j, ada, 'ada@engines.example')
    await j.advance(15)
    expect(await isOpen(j, ada)).toBe(false)

    const staff = await signInStaff('staff@frontgate.example')
    await staff.getByRole('searchbox').fill('ada@engines.example')
    await staff.getByRole('link', { name: /Ada/ }).first().click()
    await staff.getByRole('button', { name: /complimentary/i }).waitFor()
    await j.picture(staff, 'an account')
    await staff.getByRole('button', { name: /complimentary/i }).click()
    const dialog = staff.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('A friend of the house')
    await j.picture(staff, 'giving a plan')
    await dialog.getByRole('button', { name: /give/i }).click()
    await dialog.waitFor({ state: 'hidden' })
    await staff.getByRole('row', { name: /Complimentary.*In force.*A friend of the house/ }).waitFor()
    await j.picture(staff, 'the account afterwards')

    expect(await isOpen(j, ada)).toBe(true)
    await ada.goto('/billing')
    await ada.getByText('complimentary').first().waitFor()
    await j.picture(ada, 'complimentary, as the member sees it')
  },
  MINUTES,
)

test(
  'an operator loses nothing by a slip, and hears what failed',
  async () => {
    const grace = await j.sitDown()
    await grace.goto('/sign-up')
    await signUp(j, grace, { name: 'Grace Hopper', email: 'grace@compilers.example' })
    const staff = await signInStaff('careful@frontgate.example')

    // The newest of its timeline comes with the account, and is not asked for again.
    const asked: string[] = []
    staff.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await staff.getByRole('searchbox').fill('grace@compilers.example')
    await staff.getByRole('link', { name: /Grace/ }).first().click()
    await staff.getByRole('heading', { name: 'Timeline' }).waitFor()
    await staff.getByRole('button', { name: 'Set: Trees' }).click()

    const dialog = staff.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('Has a forest')
    await dialog.getByRole('button', { name: 'Set', exact: true }).click()
    await dialog.getByText('This is needed.').waitFor()
    await dialog.getByLabel('Unlimited').check()
    await dialog.getByRole('button', { name: 'Set', exact: true }).click()
    await dialog.waitFor({ state: 'hidden' })
    await staff.getByRole('row', { name: /Trees.*Unlimited/ }).waitFor()
    await staff.getByRole('listitem').filter({ hasText: 'Has a forest' }).waitFor()
    expect(asked.filter((path) => path.endsWith('/timeline'))).toEqual([])

    await staff.getByRole('link', { name: 'Product keys' }).click()
    await staff.getByRole('button', { name: 'Make a key' }).click()
    await dialog.getByLabel('Name').fill('Of the product')
    let letGo = () => {}
    const held = new Promise<void>((resolve) => (letGo = resolve))
    await staff.route('**/v1/operator/product-keys', async (route) => {
      await held
      await route.continue()
    })
    await dialog.locator('button[type=submit]').click()
    await expect.poll(() => dialog.getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true)
    await staff.keyboard.press('Escape')
    await staff.mouse.click(5, 400)
    letGo()
    await dialog.getByText(/^fg_/).waitFor()
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await dialog.waitFor({ state: 'hidden' })

    await staff.route('**/v1/operator/auth/sign-out', (route) => route.abort())
    await staff.getByRole('button', { name: 'Sign out' }).click()
    await staff.getByRole('main').getByRole('alert').waitFor()
    await j.picture(staff, 'a sign-out that failed')
    await staff.unroute('**/v1/operator/auth/sign-out')
    await staff.getByRole('button', { name: 'Sign out' }).click()
    await staff.getByLabel('E-mail').waitFor()
  },
  MINUTES,
)

test(
  'an operator protects their sign-in, and lets somebody in who may only look',
  async () => {
    const email = 'admin@frontgate.example'
    const staff = await signInStaff(email)
    await plugInKey(staff)
    await staff.getByRole('link', { name: 'My security' }).click()
    await staff.getByRole('button', { name: 'Set up an app' }).click()
    await staff.getByRole('img', { name: /QR code/ }).waitFor()
    await j.picture(staff, 'setting up an app')
    const secret = String(await staff.locator('code').first().textContent())
    await staff.getByLabel(/^Code of your/).fill('000000')
    await staff.getByRole('button', { name: 'Confirm' }).click()
    await staff.getByText('That did not fit').waitFor()
    await staff.getByLabel(/^Code of your/).fill(await codeOf(secret))
    await staff.getByRole('button', { name: 'Confirm' }).click()
    await staff.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
    await j.picture(staff, 'recovery codes')
    await staff.getByRole('button', { name: /I have kept them/ }).click()
    await staff.getByLabel('What you call it').fill('Key at the desk')
    await staff.getByRole('button', { name: 'Add a passkey' }).click()
    await staff.getByRole('row', { name: /Key at the desk/ }).waitFor()
    await j.picture(staff, 'my security')

    await staff.getByRole('link', { name: 'Operators' }).click()
    await staff.getByRole('button', { name: 'Add an operator' }).click()
    const dialog = staff.getByRole('dialog')
    await dialog.getByLabel('E-mail').fill('reader@frontgate.example')
    await dialog.getByLabel('Reason').fill('Looks after the figures')
    await j.picture(staff, 'adding an operator')
    await dialog.locator('button[type=submit]').click()
    await dialog.waitFor({ state: 'hidden' })
    await staff.getByRole('row', { name: /reader@frontgate.example.*Read only/ }).waitFor()
    await j.picture(staff, 'who the operators are')

    // The next time the key is asked for after the link.
    await staff.getByRole('button', { name: 'Sign out' }).click()
    await staff.getByLabel('E-mail').waitFor()
    await j.control('POST', '/clock/advance', { seconds: 120 })
    await j.control('DELETE', '/mailbox')
    await followLink(staff, email)
    await staff.getByRole('heading', { name: 'One more step' }).waitFor()
    await j.picture(staff, 'the second step')
    await staff.getByRole('button', { name: 'Use a passkey' }).click()
    await staff.getByRole('searchbox').waitFor()

    await staff.getByRole('link', { name: 'Audit trail' }).click()
    await staff.getByLabel('Action').fill('operator.added')
    await staff.getByLabel('Operator', { exact: true }).fill('reader@frontgate.example')
    await staff.getByText('reader@frontgate.example').first().waitFor()
    const download = staff.waitForEvent('download')
    await staff.getByRole('button', { name: 'Download CSV' }).click()
    const text = await readFile(await (await download).path(), 'utf8')
    expect(text).toContain('Looks after the figures')
    await j.picture(staff, 'the trail')
  },
  MINUTES,
)

test(
  'whoever may only look sees what it takes to do more',
  async () => {
    const reader = await j.sitDown()
    await followLink(reader, 'reader@frontgate.example')
    await reader.getByRole('searchbox').waitFor()
    expect(await reader.getByRole('link', { name: 'Operators' }).count()).toBe(0)
    await reader.getByRole('link', { name: 'Product keys' }).click()
    const make = reader.getByRole('button', { name: 'Make a key' })
    await make.hover()
    await reader.getByText('This takes the role “Admin”.').waitFor()
    await j.picture(reader, 'what it takes')
    await make.click({ force: true })
    expect(await reader.getByRole('dialog').count()).toBe(0)
  },
  MINUTES,
)

/** What an authenticator app shows at the sandbox's time. */
async function codeOf(secret: string): Promise<string> {
  const { now } = (await j.control('GET', '/clock')) as unknown as { now: string }
  const timestamp = new Date(now).getTime()
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp })
}

/** Has a browser act as if a security key were there, which somebody touches whenever it is asked. */
async function plugInKey(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'usb',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  })
}
