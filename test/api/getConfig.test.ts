import { expect, test } from 'vitest'
import { startTestAppWith } from '../support/testApp.ts'

test('200: what pages need to know, from the settings', async () => {
  const t = await startTestAppWith(
    {
      SELF_SERVE_ENABLED: 'false',
      TRIAL_DAYS: '30',
      VERIFICATION_GRACE_DAYS: '2',
      PASSWORD_MIN_LENGTH: '12',
      PRODUCT_NAME: 'Acme',
      LOGO_URL: 'https://acme.example/logo.png',
      ACCENT_COLOR: '#aa3300',
      TERMS_URL: 'https://acme.example/terms',
      PRODUCT_ORIGINS: 'https://app.acme.example,https://acme.example',
    },
    { work: false },
  )
  const reply = await t.call('GET', '/v1/config')
  expect(reply.status).toBe(200)
  expect(reply.body).toEqual({
    self_serve_enabled: false,
    sales_url: 'http://localhost:4000/talk-to-sales',
    upgrade_url: 'http://localhost:4000/billing',
    turnstile_site_key: null,
    stripe_enabled: false,
    oauth_providers: [],
    trial_days: 30,
    verification_grace_days: 2,
    password_min_length: 12,
    brand: {
      product_name: 'Acme',
      logo_url: 'https://acme.example/logo.png',
      accent_color: '#aa3300',
      terms_url: 'https://acme.example/terms',
      privacy_url: null,
    },
    product_origins: ['https://app.acme.example', 'https://acme.example'],
  })
})
