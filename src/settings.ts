import Type, { type Static } from 'typebox'

/** What a setting's schema says beside its type. */
export interface SettingOptions {
  description?: string
  default?: unknown
  secret?: boolean
  url?: boolean
  /** What the pattern asks for, in words. */
  expects?: string
  minimum?: number
  maximum?: number
  enum?: unknown[]
}

const text = (description: string, options: object = {}) => Type.String({ description, ...options })
const count = (fallback: number, description: string, options: object = {}) =>
  Type.Integer({ default: fallback, minimum: 0, maximum: 1_000_000, description, ...options })
const yesNo = (fallback: boolean, description: string) => Type.Boolean({ default: fallback, description })
const secretText = (description: string, options: object = {}) =>
  Type.String({ description, secret: true, ...options })
const urlOf = (...schemes: string[]) => ({
  url: true,
  pattern: `^(${schemes.join('|')})://`,
  expects: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
})

const DIRECTORY_ID = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'

/**
 * Every setting, in the order of docs/configuration.md. `databaseUrl` is read from DATABASE_URL, and so on.
 * A setting without a default is required unless it is Optional; an empty variable counts as unset.
 */
export const settings = Type.Object({
  databaseUrl: secretText(
    'PostgreSQL 14 or newer, as postgres://user:password@host:port/database.',
    urlOf('postgres', 'postgresql'),
  ),
  databaseDirectUrl: Type.Optional(
    secretText(
      'The same database without a pooler in between, where DATABASE_URL leads through one in transaction mode: for what needs a session of its own, which is listening for changes, migrations, and taking jobs. Unset: DATABASE_URL.',
      urlOf('postgres', 'postgresql'),
    ),
  ),
  databasePreparedStatements: yesNo(
    true,
    'Whether statements are prepared once per connection. Switch it off behind a pooler in transaction mode that does not carry prepared statements, such as PgBouncer before 1.21.',
  ),
  publicUrl: text(
    'Where people and products reach the service: its origin, without a path. Links in mails start with it.',
    urlOf('https', 'http'),
  ),
  secret: secretText(
    'At least 32 characters. Refresh tokens, mailed links and the signing keys at rest depend on it. Several, separated by commas: the first is used for what is new, the others are still accepted. Run `frontgate keys rotate` with the new one in front before an old one goes.',
    {
      pattern: '^[^,\\s]{32,}(,[^,\\s]{32,})*$',
      expects: 'at least 32 characters without spaces, or several such secrets separated by commas',
    },
  ),
  host: text('The address to listen on. `localhost` listens on 127.0.0.1 and ::1.', { default: '0.0.0.0' }),
  port: count(4000, 'The port to listen on.', { maximum: 65535 }),
  trustedProxyHops: count(
    0,
    'How many proxies of yours stand in front. The address of a client is taken that many hops from the right of X-Forwarded-For; with 0 the header is ignored.',
    { maximum: 10 },
  ),
  databasePoolSize: count(20, 'Connections for requests, per process. Jobs have a pool of their own.', {
    minimum: 2,
  }),
  redisUrl: Type.Optional(
    secretText(
      'Counts rate limits in Redis instead of PostgreSQL, as redis://host:port.',
      urlOf('redis', 'rediss'),
    ),
  ),
  workerConcurrency: count(4, 'Jobs run at the same time, per process.', { minimum: 1 }),
  logLevel: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
    default: 'info',
    description: 'Logs are JSON lines on standard output and hold no secrets or addresses.',
  }),
  metricsPort: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 65535,
      description:
        'A port of its own for GET /metrics, /healthz and /readyz, in every process: `frontgate work` has no other. Where it is set, PORT does not answer /metrics. Unset: PORT does, to anyone.',
    }),
  ),
  otelExporterOtlpEndpoint: Type.Optional(
    text(
      'The OpenTelemetry collector that traces are sent to, by OTLP over HTTP, such as http://collector:4318. Unset: nothing is traced. See docs/guides/observing.md.',
      urlOf('https', 'http'),
    ),
  ),
  otelExporterOtlpHeaders: Type.Optional(
    secretText('What that collector wants in headers, as name=value, separated by commas.', {
      pattern: '^[^=,\\s]+=[^,]*(,\\s*[^=,\\s]+=[^,]*)*$',
      expects: 'headers as name=value, separated by commas',
    }),
  ),
  otelServiceName: text('The name of this service in traces.', { default: 'frontgate' }),
  otelTracesSamplerArg: text(
    'Which share of traces is kept, from 0 to 1. A caller who sends a traceparent has decided for theirs.',
    { default: '1', pattern: '^(0|1|0?\\.\\d{1,9}|1\\.0)$', expects: 'a number from 0 to 1' },
  ),
  drainSeconds: count(
    5,
    'How long a process that serves goes on after SIGTERM while /readyz says 503, so that whoever balances requests sends it none by the time it stops. 0 where nobody does.',
    { maximum: 600 },
  ),
  shutdownSeconds: count(20, 'How long requests and jobs may finish after that.', { minimum: 1 }),

  productName: text('The name in mails and pages.', { default: 'Frontgate' }),
  logoUrl: Type.Optional(
    text(
      'The logo in mails and pages, about twice as high as the 32 pixels that it is shown at. Mail programs want a PNG. Unset: the name stands alone.',
      urlOf('https', 'http'),
    ),
  ),
  accentColor: text(
    'The color of buttons and links in mails and pages. Its lighter and darker shades are made from it.',
    { default: '#1f5eff', pattern: '^#[0-9a-fA-F]{6}$', expects: 'a color as #rrggbb' },
  ),
  termsUrl: Type.Optional(
    text('Your terms. Pages link to them, and sign-up says that they are agreed to.', urlOf('https', 'http')),
  ),
  privacyUrl: Type.Optional(text('Your privacy policy, linked in the same places.', urlOf('https', 'http'))),
  smtpUrl: Type.Optional(
    secretText(
      'The mail server, as smtp://user:password@host:port or smtps://…. Unset: no mail is sent, and the log says so.',
      urlOf('smtp', 'smtps'),
    ),
  ),
  mailFrom: text('The sender of mails, as an address.', {
    default: 'no-reply@localhost',
    pattern: '^[^@\\s]+@[^@\\s]+$',
    expects: 'an e-mail address',
  }),
  upgradeUrl: Type.Optional(
    text('Where refusals for want of a plan send people. Unset: PUBLIC_URL/billing.', urlOf('https', 'http')),
  ),

  salesEmail: Type.Optional(
    text('Who gets a mail when somebody asks to talk to sales. Unset: leads are stored only.', {
      pattern: '^[^@\\s]+@[^@\\s]+$',
      expects: 'an e-mail address',
    }),
  ),
  salesUrl: Type.Optional(
    text('Where people are sent to talk to sales. Unset: PUBLIC_URL/talk-to-sales.', urlOf('https', 'http')),
  ),
  turnstileSiteKey: Type.Optional(
    text('The site key of a Cloudflare Turnstile widget. Unset: whoever talks to sales is not challenged.'),
  ),
  turnstileSecretKey: Type.Optional(secretText('Its secret key.')),
  turnstileVerifyUrl: text('Where Turnstile says whether a challenge was passed.', {
    default: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
    ...urlOf('https', 'http'),
  }),

  stripeSecretKey: Type.Optional(
    secretText(
      'The secret or restricted key of the Stripe account. Unset: billing operations that need Stripe answer 503, and everything else works.',
      {
        pattern: '^(sk|rk)_(test|live)_\\w+$',
        expects: 'a key that begins with sk_test_, sk_live_, rk_test_ or rk_live_',
      },
    ),
  ),
  stripeWebhookSecret: Type.Optional(
    secretText(
      'The signing secret of the webhook endpoint at PUBLIC_URL/v1/webhooks/stripe. While one is rolled, both, separated by a comma. Unset: events are not stored.',
      {
        pattern: '^whsec_\\w+(,whsec_\\w+)*$',
        expects: 'one or more secrets that begin with whsec_, separated by commas',
      },
    ),
  ),
  stripeApiUrl: text('Where Stripe answers.', {
    default: 'https://api.stripe.com',
    ...urlOf('https', 'http'),
  }),
  stripeReadsPerSecond: count(
    25,
    'How many reads a second all processes together make to follow Stripe. Stripe allows 100 in live mode and 25 in a sandbox.',
    { minimum: 1, maximum: 1000 },
  ),
  checkoutPromotionCodes: yesNo(true, 'Whether buyers may enter promotion codes at Stripe’s checkout.'),
  checkoutAutomaticTax: yesNo(false, 'Whether Stripe Tax calculates taxes; switch it on at Stripe first.'),
  checkoutTaxIds: yesNo(false, 'Whether buyers may enter tax ids.'),
  checkoutBillingAddress: Type.Enum(['auto', 'required'], {
    default: 'auto',
    description: 'Whether checkout asks for a billing address always, or where a payment method needs one.',
  }),

  googleClientId: Type.Optional(
    text('The client id of the OAuth client at Google. Unset: nobody can sign in with Google.'),
  ),
  googleClientSecret: Type.Optional(secretText('Its client secret.')),
  googleHostedDomains: Type.Optional(
    text(
      'Only people of these Google Workspace domains may sign in with Google, by the domain that Google vouches for. Several, separated by commas. Unset: everybody.',
      { pattern: '^[^,\\s@]+(,[^,\\s@]+)*$', expects: 'domains without spaces, separated by commas' },
    ),
  ),
  microsoftClientId: Type.Optional(
    text('The application (client) id at Microsoft Entra. Unset: nobody can sign in with Microsoft.'),
  ),
  microsoftClientSecret: Type.Optional(secretText('The value of its client secret.')),
  microsoftTenant: text(
    'Whom Microsoft lets in: `common` is everybody, `organizations` everybody with a work or school account, `consumers` only personal accounts, and a directory (tenant) id one directory.',
    {
      default: 'common',
      pattern: `^(common|organizations|consumers|${DIRECTORY_ID})$`,
      expects: 'common, organizations, consumers or a directory id',
    },
  ),
  microsoftAllowedTenants: Type.Optional(
    text(
      'Only people of these directories (tenant ids) may sign in with Microsoft. Several, separated by commas. Unset: all that MICROSOFT_TENANT lets in.',
      { pattern: `^${DIRECTORY_ID}(,${DIRECTORY_ID})*$`, expects: 'directory ids, separated by commas' },
    ),
  ),
  productOrigins: Type.Optional(
    text(
      'Origins of your product, such as https://app.company.example, separated by commas: people may be sent back there after signing in, and pages there may call the API with the visitor’s session, which browsers send along within one site (app.company.example and gate.company.example). Pages of PUBLIC_URL need not be listed.',
      {
        pattern: '^https?://[^/,\\s]+(,https?://[^/,\\s]+)*$',
        expects: 'origins (https://host) without a path, separated by commas',
      },
    ),
  ),

  selfServeEnabled: yesNo(
    false,
    'Whether strangers may create accounts. While it is off, operators can let in domains and a share of visitors with PUT /v1/operator/self-serve.',
  ),
  registrationPrivacy: Type.Enum(['open', 'strict'], {
    default: 'open',
    description:
      '`open`: registering a known address answers 409. `strict`: every registration answers 202 and the session begins from the mailed link.',
  }),
  registrationsPerHour: count(
    30,
    'Registrations an hour from one network address. 0 switches the limit off.',
  ),
  trialDays: count(14, 'Length of the card-free trial. 0 gives no trial.'),
  trialPlan: text('The plan that trials are of.', { default: 'pro' }),
  verificationGraceDays: count(7, 'How long an unverified user passes guards.'),
  pastDueGraceDays: count(7, 'How long a payer keeps access after a charge failed.'),
  periodEndAllowanceHours: count(
    6,
    'How long access outlives a paid period that renews, so that a late event locks nobody out.',
  ),
  deletionGraceDays: count(
    30,
    'How long a closed account can be reopened, and what names a deleted user is kept. After that it is deleted for good: see docs/guides/data.md.',
    { minimum: 1, maximum: 3650 },
  ),
  catalogueFile: text(
    'Plans, prices, limits and features: the file that `frontgate catalogue apply` reads.',
    {
      default: 'catalogue.json',
    },
  ),

  tokenAudience: Type.Optional(text('The `aud` of access tokens. Unset: PUBLIC_URL.')),
  sessionDays: count(90, 'The absolute life of a session.', { minimum: 1 }),
  sessionIdleDays: count(30, 'A session that is not refreshed for this long is over.', { minimum: 1 }),
  sessionsPerUser: count(20, 'One more sign-in ends the oldest session of the user.', { minimum: 1 }),
  operatorsNeedSecondFactor: yesNo(
    true,
    'Whether operators prove a second factor after the mailed link. One who has none can do nothing but set it up. While it is off, those who have one are asked for it all the same.',
  ),
  passwordMinLength: count(8, 'In characters.', { minimum: 8, maximum: 64 }),
  argon2MemoryKib: count(19456, 'argon2id memory per hash; OWASP asks for 19456 with two passes.', {
    minimum: 1024,
  }),
  argon2Passes: count(2, 'argon2id passes per hash.', { minimum: 1 }),
  hashesAtOnce: count(2, 'Password hashes computed at the same time, per process; each takes a core.', {
    minimum: 1,
  }),
  hashQueue: count(128, 'Password hashes that may wait; one more is answered 503.'),
  breachedPasswordsUrl: Type.Optional(
    text(
      'A k-anonymity range service for breached passwords, such as https://api.pwnedpasswords.com/range/. Unset, or unreachable: only the shipped list is asked.',
      { url: true, pattern: '^https?://.*/$', expects: 'a URL that begins with https:// and ends with /' },
    ),
  ),
})

/** The settings as they are read: defaults applied, secrets not yet wrapped. */
export type Settings = Static<typeof settings>

/** One setting as docs/configuration.md and .env.example show it. */
export interface SettingDoc {
  variable: string
  description: string
  fallback: string | undefined
  required: boolean
  secret: boolean
}

/** The environment variable of a setting: `databaseUrl` is DATABASE_URL. */
export function variableOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}

/** Every setting, for the pages that are generated from this file. */
export function describeSettings(): SettingDoc[] {
  const required: readonly string[] = settings.required
  return Object.entries(settings.properties).map(([name, schema]) => {
    const { description = '', default: fallback, secret = false } = schema as SettingOptions
    return {
      variable: variableOf(name),
      description,
      fallback: fallback === undefined ? undefined : String(fallback),
      required: required.includes(name) && fallback === undefined,
      secret,
    }
  })
}
