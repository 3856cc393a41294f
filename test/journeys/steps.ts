import type { Page } from 'playwright-core'
import type { Journey } from '../support/journey.ts'

const PASSWORD = 'correct horse battery staple'

/** Fills the form of /sign-up, and ends where the mail is waited for. */
export async function signUp(
  j: Journey,
  page: Page,
  { name, email }: { name: string; email: string },
): Promise<void> {
  await page.getByRole('heading', { name: 'Create your account' }).waitFor()
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Work e-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await j.picture(page, `sign-up of ${name}`)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
}

/** Opens the link of the mail and presses its button. */
export async function verify(j: Journey, page: Page, email: string): Promise<void> {
  const mail = await j.mailTo(email, /Verify/)
  await page.goto(mail.links[0])
  await page.getByRole('button', { name: 'Verify my address' }).click()
  await page.getByRole('heading', { name: 'Your address is verified' }).waitFor()
}

/** From plan and billing to the page at Stripe. */
export async function choosePlan(page: Page, plan: string): Promise<void> {
  await page
    .getByRole('button', { name: new RegExp(`^(Choose|Keep) ${plan}$`) })
    .first()
    .click()
  await page.getByRole('button', { name: 'Continue to payment' }).click()
  await page.getByRole('button', { name: /^(Pay|Start)/ }).waitFor()
}

/** Pays at Stripe with the test card that ends with these digits. */
export async function payWith(page: Page, digits: string): Promise<void> {
  await page.getByRole('radio', { name: new RegExp(digits) }).check()
  await page.getByRole('button', { name: /^(Pay|Start)/ }).click()
}

/** Whether the product lets them do what takes the plan: its accelerator has a place for an article. */
export async function isOpen(j: Journey, page: Page): Promise<boolean> {
  await page.goto(`${j.sandbox.productUrl}/accelerator`)
  await page.getByRole('heading', { name: 'KB Accelerator' }).waitFor()
  const [article, refusal] = [page.getByLabel('The article'), page.locator('main').getByText(/plan/i)]
  await article.or(refusal).first().waitFor()
  return article.isVisible()
}
