import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'

/** A value that never shows itself in logs, errors or JSON; `reveal()` is the only way to it. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return '[secret]'
  }
  toJSON(): string {
    return '[secret]'
  }
  [inspect.custom](): string {
    return '[secret]'
  }
}

const text = (description: string, options: object = {}) => Type.String({ description, ...options })
const count = (fallback: number, description: string, options: object = {}) =>
  Type.Integer({ default: fallback, minimum: 0, description, ...options })
const yesNo = (fallback: boolean, description: string) => Type.Boolean({ default: fallback, description })
const secretText = (description: string, options: object = {}) =>
  Type.String({ description, secret: true, ...options })

/**
 * Every setting, in the order of docs/configuration.md. `databaseUrl` is read from DATABASE_URL, and so on.
 * A setting without a default is required unless it is Optional; an empty variable counts as unset.
 */
const settings = Type.Object({
  databaseUrl: secretText('PostgreSQL 14 or newer, as postgres://user:password@host:port/database.', {
    pattern: '^postgres(ql)?://',
  }),
  publicUrl: text(
    'Where people and products reach the service: its origin, without a path. Links in mails start with it.',
    {
      pattern: '^https?://[^/?#\\s]+$',
    },
  ),
  secret: secretText(
    'At least 32 characters. Refresh tokens, mailed links and the signing keys at rest depend on it. Several, separated by commas: the first is used for what is new, the others are still accepted.',
    { pattern: '^[^,\\s]{32,}(,[^,\\s]{32,})*$' },
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
    secretText('Counts rate limits in Redis instead of PostgreSQL, as redis://host:port.', {
      pattern: '^rediss?://',
    }),
  ),
  workerConcurrency: count(4, 'Jobs run at the same time, per process.', { minimum: 1 }),
  logLevel: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
    default: 'info',
    description: 'Logs are JSON lines on standard output and hold no secrets or addresses.',
  }),
  shutdownSeconds: count(20, 'How long requests and jobs may finish after SIGTERM.', { minimum: 1 }),

  productName: text('The name in mails and pages.', { default: 'Frontgate' }),
  smtpUrl: Type.Optional(
    secretText(
      'The mail server, as smtp://user:password@host:port or smtps://…. Unset: no mail is sent, and the log says so.',
      {
        pattern: '^smtps?://',
      },
    ),
  ),
  mailFrom: text('The sender of mails, as an address.', {
    default: 'no-reply@localhost',
    pattern: '^[^@\\s]+@[^@\\s]+$',
  }),
  upgradeUrl: Type.Optional(
    text('Where refusals for want of a plan send people. Unset: PUBLIC_URL/billing.', {
      pattern: '^https?://',
    }),
  ),

  selfServeEnabled: yesNo(false, 'Whether strangers may create accounts.'),
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
      { pattern: '^https?://.*/$' },
    ),
  ),
})

type Settings = Static<typeof settings>
type SecretName = 'databaseUrl' | 'secret' | 'redisUrl' | 'smtpUrl'

/** The settings as the program uses them: defaults applied, secrets wrapped, `version` from package.json. */
export type Config = Omit<Settings, SecretName | 'secret' | 'upgradeUrl' | 'tokenAudience'> & {
  databaseUrl: Secret
  redisUrl?: Secret
  smtpUrl?: Secret
  /** The first makes what is new, all are accepted. */
  secrets: [Secret, ...Secret[]]
  upgradeUrl: string
  tokenAudience: string
  version: string
}

/** One setting as docs/configuration.md and .env.example show it. */
export interface SettingDoc {
  variable: string
  description: string
  fallback: string | undefined
  required: boolean
  secret: boolean
}

/** All faults of the environment at once, each naming its variable. */
export class ConfigFaults extends Error {
  readonly faults: string[]
  constructor(faults: string[]) {
    super(
      [
        `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:`,
        ...faults.map((fault) => `  - ${fault}`),
        'docs/configuration.md describes every variable.',
      ].join('\n'),
    )
    this.name = 'ConfigFaults'
    this.faults = faults
  }
}

const variableOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

/** Reads the settings from an environment; throws ConfigFaults with every fault it found. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const found: Record<string, unknown> = {}
  for (const name of Object.keys(settings.properties)) {
    const value = env[variableOf(name)]?.trim()
    if (value) found[name] = value
  }
  const converted = Value.Default(settings, Value.Convert(settings, found)) as Settings
  const faults = Object.entries(settings.properties).flatMap(([name, schema]) =>
    faultsOf(name, schema, converted[name as keyof Settings]),
  )
  if (faults.length > 0) throw new ConfigFaults(faults)
  return complete(converted)
}

/** Every setting, for the pages that are generated from this file. */
export function describeSettings(): SettingDoc[] {
  const required: readonly string[] = settings.required
  return Object.entries(settings.properties).map(([name, schema]) => {
    const { description = '', default: fallback } = schema as { description?: string; default?: unknown }
    return {
      variable: variableOf(name),
      description,
      fallback: fallback === undefined ? undefined : String(fallback),
      required: required.includes(name) && fallback === undefined,
      secret: 'secret' in schema,
    }
  })
}

function faultsOf(name: string, schema: object, value: unknown): string[] {
  if (value === undefined) {
    const optional = !settings.required.includes(name as never)
    return optional
      ? []
      : [`${variableOf(name)} is not set. ${(schema as { description: string }).description}`]
  }
  const shown = 'secret' in schema ? '[secret]' : JSON.stringify(value)
  return [...Value.Errors(schema as Type.TSchema, value)].map(
    (error) => `${variableOf(name)} is ${shown}, but it ${error.message}.`,
  )
}

function complete(from: Settings): Config {
  const { databaseUrl, secret, redisUrl, smtpUrl, upgradeUrl, tokenAudience, ...rest } = from
  const [first = '', ...others] = secret.split(',')
  return {
    ...rest,
    databaseUrl: new Secret(databaseUrl),
    secrets: [new Secret(first), ...others.map((other) => new Secret(other))],
    ...(redisUrl && { redisUrl: new Secret(redisUrl) }),
    ...(smtpUrl && { smtpUrl: new Secret(smtpUrl) }),
    upgradeUrl: upgradeUrl ?? `${from.publicUrl}/billing`,
    tokenAudience: tokenAudience ?? from.publicUrl,
    version: versionOfPackage(),
  }
}

function versionOfPackage(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}
