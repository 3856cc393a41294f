import { describe, expect, test } from 'vitest'
import type { Mail } from '../../sandbox/mailbox/mailbox.ts'
import { register } from '../support/people.ts'
import { startTestAppWith } from '../support/testApp.ts'

const LOGO_URL = 'https://acme.example/logo.png?v=1&size=64'

describe('a mail with a brand', () => {
  test('shows the logo by its name, and the button in its color', async () => {
    const { html } = await mailOf({ PRODUCT_NAME: 'Acme "Desk"', LOGO_URL, ACCENT_COLOR: '#FFD400' })
    const [image] = html.match(/<img[^>]*>/) ?? []
    expect(image).toContain('src="https://acme.example/logo.png?v=1&amp;size=64"')
    expect(image).toContain('alt="Acme &quot;Desk&quot;"')
    expect(image).toContain('height="32"')
    const button = buttonOf(html)
    expect(button).toContain('background-color:#FFD400')
    expect(button).toMatch(/[;"]color:#000000/)
  })

  test('links to terms and privacy in its foot, after its own link', async () => {
    const TERMS_URL = 'https://acme.example/terms?v=2&lang=en'
    const PRIVACY_URL = 'https://acme.example/privacy'
    const { html, text, links } = await mailOf({ PRODUCT_NAME: 'Acme', TERMS_URL, PRIVACY_URL })
    expect(links).toEqual([expect.stringContaining('/verify-email?token='), TERMS_URL, PRIVACY_URL])
    expect(text.trimEnd()).toMatch(
      /\n\n-- \nAcme\nTerms: https:\/\/acme\.example\/terms\?v=2&lang=en\nPrivacy: https:\/\/acme\.example\/privacy$/,
    )
    expect(html).toContain('href="https://acme.example/terms?v=2&amp;lang=en"')
    expect(html).toContain(`href="${PRIVACY_URL}"`)
  })

  test('has one of both where only that is set', async () => {
    const { links, text } = await mailOf({ PRIVACY_URL: 'https://acme.example/privacy' })
    expect(links).toHaveLength(2)
    expect(text).not.toContain('Terms:')
  })
})

test('without a brand it has the name alone, white on our blue, and no foot', async () => {
  const { html, text } = await mailOf({ PRODUCT_NAME: 'Acme' })
  expect(html).not.toContain('<img')
  expect(html).toMatch(/<p [^>]*>Acme<\/p>/)
  expect(buttonOf(html)).toMatch(/background-color:#1f5eff.*[;"]color:#ffffff/)
  expect(text.trimEnd()).toMatch(/\n\n-- \nAcme$/)
})

test('it says that it is made for light and for dark ground', async () => {
  const { html } = await mailOf({})
  expect(html).toMatch(/<meta [^>]*name="color-scheme" content="light dark"/)
  expect(html).toContain('@media (prefers-color-scheme: dark)')
})

async function mailOf(env: NodeJS.ProcessEnv): Promise<Mail> {
  const t = await startTestAppWith(env)
  const { email } = await register(t)
  const [mail] = await t.mailsTo(email)
  if (!mail) throw new Error('no mail')
  return mail
}

function buttonOf(html: string): string {
  return html.match(/<a [^>]*href="[^"]*verify-email[^>]*>/)?.[0] ?? ''
}
