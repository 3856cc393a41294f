import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigFaults, operatorAudience, readConfig } from '../../src/config.ts'
import { describeSettings } from '../../src/settings.ts'

const required = {
  DATABASE_URL: 'postgres://frontgate:hunter2@db.example:5432/frontgate',
  PUBLIC_URL: 'https://gate.example',
  SECRET: 'a-secret-that-nobody-may-ever-see-0123456789',
}

/** What is wrong with an environment, line by line. */
function faultsOf(env: Record<string, string>): string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults
    throw error
  }
}

describe('what is read', () => {
  test('three variables are required, everything else has a default or is off', () => {
    expect(
      describeSettings()
        .filter((setting) => setting.required)
        .map(({ variable }) => variable),
    ).toEqual(Object.keys(required))
    expect(readConfig(required)).toMatchObject({
      publicUrl: 'https://gate.example',
      port: 4000,
      selfServeEnabled: false,
      trialDays: 14,
      upgradeUrl: 'https://gate.example/billing',
      salesUrl: 'https://gate.example/talk-to-sales',
      tokenAudience: 'https://gate.example',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
    expect(readConfig(required)).not.toHaveProperty('smtpUrl')
  })

  test('an empty variable, or one of spaces, is an unset one', () => {
    const empty = Object.fromEntries(
      describeSettings()
        .filter((setting) => !setting.required)
        .flatMap(({ variable }, i) => [[variable, i % 2 ? '' : '  ']]),
    )
    expect(JSON.stringify(readConfig({ ...required, ...empty }))).toBe(JSON.stringify(readConfig(required)))
    const none = faultsOf({ DATABASE_URL: '', PUBLIC_URL: ' ', SECRET: '' })
    expect(none.map((fault) => fault.split(' is not set.')[0])).toEqual(Object.keys(required))
  })

  test('numbers, choices and yes or no, as people write them', () => {
    const config = readConfig({
      ...required,
      PORT: ' 8080 ',
      SELF_SERVE_ENABLED: 'TRUE',
      REGISTRATION_PRIVACY: 'strict',
      TOKEN_AUDIENCE: 'https://product.example',
    })
    expect(config).toMatchObject({
      port: 8080,
      selfServeEnabled: true,
      registrationPrivacy: 'strict',
      tokenAudience: 'https://product.example',
    })
    for (const [written, read] of [
      ['1', true],
      ['false', false],
      ['0', false],
    ] as const) {
      expect(readConfig({ ...required, SELF_SERVE_ENABLED: written }).selfServeEnabled).toBe(read)
    }
  })

  test('a secret may be in a file, and nothing but a secret', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'secrets-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'secret')
    await writeFile(file, `${required.SECRET}\n`)
    const { SECRET, ...others } = required
    expect(readConfig({ ...others, SECRET_FILE: file }).secrets[0].reveal()).toBe(SECRET)
    expect(() => readConfig({ ...required, SECRET_FILE: file })).toThrow(
      /SECRET and SECRET_FILE are both set/,
    )
    expect(() => readConfig({ ...others, SECRET_FILE: `${file}.gone` })).toThrow(
      /SECRET_FILE .* cannot be read/,
    )
    expect(readConfig({ ...required, PRODUCT_NAME_FILE: file }).productName).toBe('Frontgate')
  })

  test('several secrets: the first is for what is new', () => {
    const [first, second] = ['x'.repeat(32), 'y'.repeat(40)]
    const { secrets } = readConfig({ ...required, SECRET: `${first},${second}` })
    expect(secrets.map((secret) => secret.reveal())).toEqual([first, second])
  })

  test('variables that are none of ours are left alone', () => {
    expect(faultsOf({ ...required, PATH: '/bin', FRONTGATE: 'x', port: 'many' })).toEqual([])
  })
})

describe('what does not fit is refused, with its variable and what it should be', () => {
  const unfit: [string, string, RegExp][] = [
    ['DATABASE_URL', 'mysql://db.example/x', /\[secret\].*postgres:\/\/ or postgresql:\/\//],
    ['DATABASE_URL', 'postgres://user:p#ss@db.example/x', /\[secret\].*URL/],
    ['PUBLIC_URL', 'gate.example', /"gate\.example".*https:\/\//],
    ['PUBLIC_URL', 'https://gate.example/', /origin: "https:\/\/gate\.example"\?/],
    ['PUBLIC_URL', 'https://gate.example/path', /origin: "https:\/\/gate\.example"\?/],
    ['PUBLIC_URL', 'https://GATE.example:443', /origin: "https:\/\/gate\.example"\?/],
    ['PUBLIC_URL', 'https://', /URL/],
    ['SECRET', 'x'.repeat(31), /\[secret\].*32 characters/],
    ['SECRET', `${'x'.repeat(32)},short`, /\[secret\].*32 characters/],
    ['SECRET', `${'x'.repeat(32)} ${'y'.repeat(32)}`, /\[secret\].*without spaces/],
    ['PORT', '65536', /whole number from 0 to 65535/],
    ['PORT', '40.5', /whole number/],
    ['PORT', '0x1F', /whole number/],
    ['PORT', '1e3', /whole number/],
    ['PORT', 'true', /whole number/],
    ['TRIAL_DAYS', '-1', /from 0/],
    ['TRIAL_DAYS', '99999999999999999999', /to 1000000/],
    ['DATABASE_POOL_SIZE', '1', /from 2/],
    ['SELF_SERVE_ENABLED', 'yes', /"yes".*true or false/],
    ['LOG_LEVEL', 'loud', /one of trace, debug, info, warn, error, silent/],
    ['REGISTRATION_PRIVACY', 'closed', /one of open, strict/],
    ['SMTP_URL', 'mail.example', /\[secret\].*smtp:\/\/ or smtps:\/\//],
    ['REDIS_URL', 'http://redis.example', /\[secret\].*redis:\/\//],
    ['MAIL_FROM', 'Frontgate', /e-mail address/],
    ['SALES_EMAIL', 'Sales <sales@gate.example>', /e-mail address/],
    ['SALES_URL', '/talk-to-sales', /https:\/\//],
    ['UPGRADE_URL', '/billing', /https:\/\//],
    ['BREACHED_PASSWORDS_URL', 'https://range.example', /ends with \//],
    ['TOKEN_AUDIENCE', operatorAudience({ publicUrl: required.PUBLIC_URL }), /operators/],
  ]
  test.each(unfit)('%s=%s', (variable, value, words) => {
    const faults = faultsOf({ ...required, [variable]: value })
    expect(faults).toHaveLength(1)
    expect(faults[0]?.startsWith(`${variable} is `)).toBe(true)
    expect(faults[0]).toMatch(words)
  })

  test.each([
    [
      'the sandbox’s key',
      { STRIPE_SECRET_KEY: 'sk_test_sandbox' },
      /STRIPE_SECRET_KEY is that of the sandbox/,
    ],
    [
      'its signing secret',
      { STRIPE_WEBHOOK_SECRET: 'whsec_1,whsec_sandbox' },
      /STRIPE_WEBHOOK_SECRET is that of/,
    ],
    ['a Stripe without TLS', { STRIPE_API_URL: 'http://10.1.2.3' }, /STRIPE_API_URL is not https/],
    [
      'a Turnstile without TLS',
      { TURNSTILE_VERIFY_URL: 'http://10.1.2.3' },
      /TURNSTILE_VERIFY_URL is not https/,
    ],
    [
      'a product without TLS',
      { PRODUCT_ORIGINS: 'https://app.example,http://app.example:80,http://localhost:3000' },
      /PRODUCT_ORIGINS has http:\/\/app\.example, .* https:\/\/app\.example/,
    ],
  ])('%s, where people are served', (_name, env, fault) => {
    expect(faultsOf({ ...required, ...env })).toEqual([expect.stringMatching(fault)])
    expect(faultsOf({ ...required, ...env, PUBLIC_URL: 'http://localhost:4000' })).toEqual([])
  })

  test('a product without TLS on this machine does no harm', () => {
    const PRODUCT_ORIGINS =
      'http://localhost:3000,http://app.localhost,http://127.0.0.1:3000,http://[::1]:3000'
    expect(faultsOf({ ...required, PRODUCT_ORIGINS })).toEqual([])
    const looksLikeIt = { PRODUCT_ORIGINS: 'http://127.0.0.1.evil.example,http://evillocalhost' }
    expect(faultsOf({ ...required, ...looksLikeIt })).toHaveLength(2)
  })

  test('the former name of a variable, which would be left alone otherwise', () => {
    const former = { RETURN_ORIGINS: 'https://app.example' }
    expect(faultsOf({ ...required, ...former })).toEqual([
      expect.stringMatching(/^RETURN_ORIGINS .*PRODUCT_ORIGINS/),
    ])
    expect(faultsOf({ ...required, RETURN_ORIGINS: ' ' })).toEqual([])
  })

  test('an address of Stripe with more than an origin', () => {
    for (const STRIPE_API_URL of ['https://api.stripe.com/v1', 'https://user:pass@api.stripe.com']) {
      expect(faultsOf({ ...required, STRIPE_API_URL })).toEqual([expect.stringMatching(/must be an origin/)])
    }
    expect(faultsOf({ ...required, STRIPE_API_URL: 'https://api.stripe.com/' })).toEqual([])
  })

  test('half a Turnstile, which would keep out nobody or everybody', () => {
    const [site, secret] = [{ TURNSTILE_SITE_KEY: 'x' }, { TURNSTILE_SECRET_KEY: 'y' }]
    expect(faultsOf({ ...required, ...site })).toEqual([expect.stringMatching(/TURNSTILE_SECRET_KEY is not/)])
    expect(faultsOf({ ...required, ...secret })).toEqual([expect.stringMatching(/TURNSTILE_SITE_KEY is not/)])
    expect(faultsOf({ ...required, ...site, ...secret })).toEqual([])
  })

  test('a pooler that nothing leads around, for what needs a session of its own', () => {
    const pooled = { ...required, DATABASE_PREPARED_STATEMENTS: 'false' }
    expect(faultsOf(pooled)).toEqual([expect.stringMatching(/DATABASE_DIRECT_URL.* is not set/)])
    expect(faultsOf({ ...pooled, DATABASE_DIRECT_URL: 'postgres://db.example/frontgate' })).toEqual([])
  })

  test('all at once, in the order of the documentation', () => {
    const faults = faultsOf({
      SECRET: 'short',
      PORT: 'many',
      TRIAL_DAYS: '-1',
      LOG_LEVEL: 'loud',
      SMTP_URL: 'x',
    })
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'DATABASE_URL',
      'PUBLIC_URL',
      'SECRET',
      'PORT',
      'LOG_LEVEL',
      'SMTP_URL',
      'TRIAL_DAYS',
    ])
    try {
      readConfig({})
    } catch (error) {
      expect((error as Error).message).toMatch(
        /^The configuration has 3 faults:\n {2}- DATABASE_URL is not set/,
      )
    }
  })
})

describe('secrets are never printed', () => {
  const hidden = {
    DATABASE_URL: 'postgres://frontgate:hunter2@db.example/frontgate',
    DATABASE_DIRECT_URL: 'postgres://frontgate:hunter2@primary.db.example/frontgate',
    SECRET: `${'hunter2'.repeat(5)},${'hunter2'.repeat(6)}`,
    REDIS_URL: 'redis://:hunter2@redis.example',
    SMTP_URL: 'smtp://frontgate:hunter2@mail.example',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=hunter2',
    TURNSTILE_SECRET_KEY: 'hunter2',
    STRIPE_SECRET_KEY: 'sk_test_hunter2',
    STRIPE_WEBHOOK_SECRET: 'whsec_hunter2,whsec_formerhunter2',
    GOOGLE_CLIENT_SECRET: 'hunter2',
    MICROSOFT_CLIENT_SECRET: 'hunter2',
  }
  const clients = {
    GOOGLE_CLIENT_ID: 'a-client',
    MICROSOFT_CLIENT_ID: 'a-client',
    TURNSTILE_SITE_KEY: 'a-widget',
  }
  const config = readConfig({ ...required, ...clients, ...hidden })

  test('every variable that holds one is marked', () => {
    const secret = describeSettings().filter((setting) => setting.secret)
    expect(secret.map(({ variable }) => variable).sort()).toEqual(Object.keys(hidden).sort())
  })

  const shown: [string, () => string][] = [
    ['inspected', () => inspect(config, { depth: 20, showHidden: true, getters: true })],
    ['as JSON', () => JSON.stringify(config)],
    ['in a text', () => `${config.databaseUrl} ${config.secrets} ${config.smtpUrl} ${config.redisUrl}`],
    ['joined', () => [config.databaseUrl, ...config.secrets].join(' ')],
    ['in an error', () => inspect(new Error(`no answer from ${config.databaseUrl}`, { cause: config }))],
    ['copied', () => inspect({ ...config.databaseUrl }) + JSON.stringify(Object.entries(config.databaseUrl))],
    ['cloned', () => inspect(structuredClone(config.databaseUrl), { showHidden: true })],
  ]
  test.each(shown)('%s', (_name, show) => {
    expect(show()).not.toContain('hunter2')
  })

  test('nor when they are the fault, alone or among others', () => {
    const wrong = {
      DATABASE_URL: 'hunter2://x',
      SECRET: 'hunter2',
      REDIS_URL: 'hunter2',
      SMTP_URL: 'hunter2',
    }
    for (const variable of Object.keys(wrong) as (keyof typeof wrong)[]) {
      expect(faultsOf({ ...required, [variable]: wrong[variable] }).join()).not.toContain('hunter2')
    }
    try {
      readConfig({ ...wrong, PUBLIC_URL: 'x' })
      expect.unreachable()
    } catch (error) {
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('hunter2')
      expect((error as ConfigFaults).faults).toHaveLength(5)
    }
  })

  test('only whoever asks for one gets it', () => {
    expect(config.databaseUrl.reveal()).toBe(hidden.DATABASE_URL)
  })
})
