import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Journey, openJourney } from '../support/journey.ts'
import { isOpen, signUp, verify } from './steps.ts'

const MINUTES = 5 * 60_000
let j: Journey
beforeAll(async () => {
  j = await openJourney('operator')
}, 2 * MINUTES)
afterAll(() => j?.close())

test(
  'an operator gives an account a plan, and the member sees it',
  async () => {
    const ada = await j.sitDown()
    await ada.goto('/sign-up')
    await signUp(j, ada, { name: 'Ada Lovelace', email: 'ada@engines.example' })
    await verify(j, ada, 'ada@engines.example')
    await j.advance(15)
    expect(await isOpen(j, ada)).toBe(false)

    await j.control('POST', '/operators', { email: 'staff@frontgate.example' })
    const staff = await j.sitDown()
    await staff.goto('/operator')
    await staff.getByLabel('E-mail').fill('staff@frontgate.example')
    await staff.getByRole('button', { name: /link/i }).click()
    const mail = await j.mailTo('staff@frontgate.example', /sign in/i)
    await staff.goto(mail.links[0])
    await staff.getByRole('button', { name: /sign in/i }).click()
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
    await staff.getByText('A friend of the house').first().waitFor()
    await j.picture(staff, 'the account afterwards')

    expect(await isOpen(j, ada)).toBe(true)
    await ada.goto('/billing')
    await ada.getByText('complimentary').first().waitFor()
    await j.picture(ada, 'complimentary, as the member sees it')
  },
  MINUTES,
)
