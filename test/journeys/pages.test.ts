import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Journey, openJourney } from '../support/journey.ts'
import { signUp } from './steps.ts'

let j: Journey
beforeAll(async () => {
  j = await openJourney('pages')
}, 600_000)
afterAll(() => j?.close())

const visited = ['/pricing', '/sign-up', '/sign-in', '/talk-to-sales', '/accept-invite?token=none']

test.each(visited)('%s takes less than 200 kB to open, and nothing in it moves afterwards', async (path) => {
  const page = await j.sitDown()
  const devtools = await page.context().newCDPSession(page)
  let bytes = 0
  await devtools.send('Network.enable')
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await page.addInitScript(`globalThis.moved = 0
    new PerformanceObserver((list) => { for (const { value } of list.getEntries()) moved += value })
      .observe({ type: 'layout-shift', buffered: true })`)
  await page.goto(path, { waitUntil: 'networkidle' })
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(bytes).toBeGreaterThan(20_000)
  expect(bytes).toBeLessThan(200_000)
  // What Google calls good is 0.1. https://web.dev/articles/cls
  expect(await page.evaluate('moved')).toBeLessThan(0.05)
})

test('a form says what is wrong beside the field, takes the focus there, and loses nothing', async () => {
  const page = await j.sitDown()
  await page.goto('/sign-up')
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByRole('button', { name: 'Create account' }).press('Enter')
  const email = page.getByLabel('Work e-mail')
  await expect.poll(() => page.evaluate('document.activeElement.name')).toBe('email')
  await page.getByText('This is needed.').first().waitFor()
  await email.fill('ada@engines.example')
  const password = page.getByLabel('Password', { exact: true })
  await password.fill('password1')
  await password.press('Enter')
  // What only the service knows is said in the same place.
  await expect.poll(() => password.getAttribute('aria-invalid')).toBe('true')
  await expect.poll(() => page.evaluate('document.activeElement.name')).toBe('password')
  expect(await page.getByLabel('Your name').inputValue()).toBe('Ada Lovelace')
  await j.picture(page, 'a weak password')
  expect(await email.getAttribute('autocomplete')).toBe('username')
  expect(await password.getAttribute('autocomplete')).toBe('new-password')
})

test('the plan that somebody chose is the one that they are offered to pay for', async () => {
  const page = await j.sitDown()
  await page.goto('/pricing?plan=pro&interval=year')
  await page.getByRole('link', { name: 'Start free trial: Pro' }).click()
  await signUp(j, page, { name: 'Grace Hopper', email: 'grace@navy.example' })
  await page.getByRole('link', { name: 'Continue, and verify later' }).click()
  await page.getByRole('heading', { level: 1, name: 'Welcome' }).waitFor()
  for (const step of ['Verify your e-mail address', 'Name your account', 'Invite the people you work with']) {
    await page.getByRole('heading', { name: step }).waitFor()
    await page.getByRole('button', { name: 'Later' }).click()
  }
  await page.getByRole('link', { name: 'See plans' }).click()
  await page.getByRole('dialog').getByText('$290').first().waitFor()
})

test('whoever forgot the password chooses another one, and goes on where they were going', async () => {
  const page = await j.sitDown({ viewport: { width: 390, height: 844 } })
  await page.goto('/sign-up')
  await signUp(j, page, { name: 'Mary Jackson', email: 'mary@nasa.example' })
  await page.context().clearCookies()
  await page.goto('/sign-in?return_to=/usage')
  await page.getByLabel('E-mail').fill('mary@nasa.example')
  await page.getByLabel('Password', { exact: true }).fill('not the one')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  await j.picture(page, 'a wrong password')
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await page.getByRole('heading', { name: 'Forgot your password?' }).waitFor()
  await page.getByLabel('E-mail').fill('mary@nasa.example')
  await page.getByRole('button', { name: 'Mail me a link' }).click()
  await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
  const mail = await j.mailTo('mary@nasa.example', /new .*password/)
  await page.goto(mail.links[0])
  await page.getByLabel('New password').fill('eleven purple lanterns wave')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByRole('heading', { name: 'Your new password holds' }).waitFor()
  await page.goto('/usage')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.getByLabel('E-mail').fill('mary@nasa.example')
  await page.getByLabel('Password', { exact: true }).fill('eleven purple lanterns wave')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Usage' }).waitFor()
  await j.picture(page, 'usage on a phone')
})

test('what is not there has a page of its own', async () => {
  const page = await j.sitDown({ locale: 'de-DE' })
  const reply = await page.goto('/gibt-es-nicht')
  expect(reply?.status()).toBe(404)
  await page.getByRole('heading', { name: 'Diese Seite gibt es nicht' }).waitFor()
})
