import { readFileSync } from 'node:fs'
import { domainToASCII } from 'node:url'
import { inspect } from 'node:util'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { packageRoot } from './packageRoot.ts'
import { type SettingOptions, type Settings, settings, variableOf } from './settings.ts'

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

/** Settings that hold several values in one text. */
type ListName = 'googleHostedDomains' | 'microsoftAllowedTenants' | 'productOrigins'

type SecretName =
  | 'databaseUrl'
  | 'databaseDirectUrl'
  | 'secret'
  | 'redisUrl'
  | 'smtpUrl'
  | 'otelExporterOtlpHeaders'
  | 'turnstileSecretKey'
  | 'stripeSecretKey'
  | 'stripeWebhookSecret'
  | 'googleClientSecret'
  | 'microsoftClientSecret'

/** The settings as the program uses them: defaults applied, secrets wrapped, `version` from package.json. */
export type Config = Omit<Settings, SecretName | ListName | 'upgradeUrl' | 'salesUrl' | 'tokenAudience'> & {
  databaseUrl: Secret
  databaseDirectUrl: Secret
  redisUrl?: Secret
  smtpUrl?: Secret
  otelExporterOtlpHeaders?: Secret
  turnstileSecretKey?: Secret
  stripeSecretKey?: Secret
  /** The current one and, while it is rolled, the one before; empty when there is none. */
  stripeWebhookSecrets: Secret[]
  googleClientSecret?: Secret
  /** Empty where every domain may sign in. */
  googleHostedDomains: string[]
  microsoftClientSecret?: Secret
  /** In lower case; empty where every directory may sign in. */
  microsoftAllowedTenants: string[]
  /** Of the product, beside our own: where people are sent back to, and whose pages call the API. */
  productOrigins: string[]
  /** The first makes what is new, all are accepted. */
  secrets: [Secret, ...Secret[]]
  upgradeUrl: string
  salesUrl: string
  tokenAudience: string
  version: string
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

/** Reads the settings from an environment; throws ConfigFaults with every fault it found. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const found: Record<string, unknown> = {}
  const faultsOfFiles: string[] = []
  for (const [name, schema] of Object.entries(settings.properties)) {
    const given = textOf(variableOf(name), schema, env)
    if (given.fault) faultsOfFiles.push(given.fault)
    if (given.text) found[name] = parsed(schema, given.text)
  }
  if (faultsOfFiles.length > 0) throw new ConfigFaults(faultsOfFiles)
  const completed = Value.Default(settings, found) as Settings
  const faults = Object.entries(settings.properties).flatMap(([name, schema]) =>
    faultsOf(name, schema, completed[name as keyof Settings]),
  )
  if (faults.length === 0) faults.push(...contradictionsIn(completed))
  if (env.RETURN_ORIGINS?.trim()) faults.push('RETURN_ORIGINS is called PRODUCT_ORIGINS now: rename it.')
  if (faults.length > 0) throw new ConfigFaults(faults)
  return complete(completed)
}

/** What a variable holds. A secret may be in a file instead, which the variable with `_FILE` behind its name names. */
function textOf(
  variable: string,
  { secret }: Type.TSchema & SettingOptions,
  env: NodeJS.ProcessEnv,
): { text?: string | undefined; fault?: string } {
  const text = env[variable]?.trim()
  const file = secret && env[`${variable}_FILE`]?.trim()
  if (!file) return { text }
  if (text) return { fault: `${variable} and ${variable}_FILE are both set: one of them is enough.` }
  try {
    return { text: readFileSync(file, 'utf8').trim() }
  } catch {
    return { fault: `${variable}_FILE is ${JSON.stringify(file)}, which cannot be read.` }
  }
}

/** Reads a number or a yes or no from text; what is neither stays text, which its schema refuses. */
function parsed(schema: Type.TSchema, value: string): unknown {
  if (Type.IsInteger(schema) && /^-?\d+$/.test(value)) return Number(value)
  if (Type.IsBoolean(schema) && /^(true|1)$/i.test(value)) return true
  if (Type.IsBoolean(schema) && /^(false|0)$/i.test(value)) return false
  return value
}

function faultsOf(name: string, schema: Type.TSchema & SettingOptions, value: unknown): string[] {
  const variable = variableOf(name)
  if (value === undefined) {
    const optional = !settings.required.includes(name as never)
    return optional ? [] : [`${variable} is not set. ${schema.description}`]
  }
  const fits = Value.Check(schema, value) && (!schema.url || URL.canParse(String(value)))
  const shown = schema.secret ? '[secret]' : JSON.stringify(value)
  return fits ? [] : [`${variable} is ${shown}, but it must be ${expectationOf(schema)}.`]
}

function expectationOf({ expects, enum: words, minimum, maximum }: SettingOptions): string {
  if (expects) return expects
  if (words) return `one of ${words.join(', ')}`
  return minimum === undefined ? 'true or false' : `a whole number from ${minimum} to ${maximum}`
}

/** What no setting shows alone. */
function contradictionsIn(given: Settings): string[] {
  const { publicUrl, tokenAudience, stripeSecretKey, stripeApiUrl } = given
  const { databaseDirectUrl, databasePreparedStatements } = given
  const { origin } = new URL(publicUrl)
  const stripeOrigin = new URL(stripeApiUrl).origin
  return [
    ...(publicUrl === origin ? [] : [`PUBLIC_URL is "${publicUrl}", but it must be an origin: "${origin}"?`]),
    ...(tokenAudience === operatorAudience({ publicUrl })
      ? ['TOKEN_AUDIENCE is the audience of operators’ tokens; users need another one.']
      : []),
    ...(stripeApiUrl.replace(/\/$/, '') === stripeOrigin
      ? []
      : [`STRIPE_API_URL must be an origin, without a path, a user or a password: "${stripeOrigin}"?`]),
    ...(stripeSecretKey?.includes('_live_') && !stripeApiUrl.startsWith('https:')
      ? ['STRIPE_SECRET_KEY is a live key, but STRIPE_API_URL would send it in the clear.']
      : []),
    ...(databaseDirectUrl || databasePreparedStatements
      ? []
      : [
          'DATABASE_PREPARED_STATEMENTS is false, which is for a pooler, but DATABASE_DIRECT_URL, which leads around it, is not set.',
        ]),
    ...halfAWidget(given),
    ...halfAClient('GOOGLE', given.googleClientId, given.googleClientSecret),
    ...halfAClient('MICROSOFT', given.microsoftClientId, given.microsoftClientSecret),
    ...(publicUrl.startsWith('https:') ? sandboxIn(given) : []),
  ]
}

/** A client that cannot prove itself would fail only when somebody wants to sign in. */
function halfAClient(provider: string, id: string | undefined, secret: string | undefined): string[] {
  if ((id === undefined) === (secret === undefined)) return []
  const [given, missing] = id ? ['ID', 'SECRET'] : ['SECRET', 'ID']
  return [`${provider}_CLIENT_${given} is set, but ${provider}_CLIENT_${missing} is not.`]
}

/** A challenge that nobody checks keeps nobody out, and one that nobody is shown lets nobody in. */
function halfAWidget({ turnstileSiteKey, turnstileSecretKey }: Settings): string[] {
  if ((turnstileSiteKey === undefined) === (turnstileSecretKey === undefined)) return []
  const [given, missing] = turnstileSiteKey ? ['SITE', 'SECRET'] : ['SECRET', 'SITE']
  return [`TURNSTILE_${given}_KEY is set, but TURNSTILE_${missing}_KEY is not.`]
}

const LOOPBACK = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/

/** What everybody knows, leads to a Stripe that is none, or lets whoever is on the way in, where people are served. */
function sandboxIn(given: Settings): string[] {
  const { publicUrl, stripeSecretKey, stripeWebhookSecret, stripeApiUrl, turnstileVerifyUrl } = given
  const inTheClear = listOf(given.productOrigins)
    .map((origin) => new URL(origin))
    .filter(({ protocol, hostname }) => protocol === 'http:' && !LOOPBACK.test(hostname))
  const why = `PUBLIC_URL is "${publicUrl}", so this serves people`
  return [
    ...(stripeSecretKey === 'sk_test_sandbox'
      ? [`${why}, but STRIPE_SECRET_KEY is that of the sandbox.`]
      : []),
    ...(stripeWebhookSecret?.split(',').includes('whsec_sandbox')
      ? [`${why}, but STRIPE_WEBHOOK_SECRET is that of the sandbox, which is public.`]
      : []),
    ...(stripeApiUrl.startsWith('https:') ? [] : [`${why}, but STRIPE_API_URL is not https://.`]),
    ...(turnstileVerifyUrl.startsWith('https:') ? [] : [`${why}, but TURNSTILE_VERIFY_URL is not https://.`]),
    ...inTheClear.map(
      ({ origin, host }) =>
        `${why}, but PRODUCT_ORIGINS has ${origin}, where anybody on the way could act as them: serve the product at https://${host}.`,
    ),
  ]
}

/** The `aud` of operators' tokens, which no user's token may carry. */
export function operatorAudience({ publicUrl }: Pick<Settings, 'publicUrl'>): string {
  return `${publicUrl}/operator`
}

function complete(from: Settings): Config {
  const {
    databaseUrl,
    databaseDirectUrl = databaseUrl,
    secret,
    redisUrl,
    smtpUrl,
    stripeSecretKey,
    stripeWebhookSecret,
    ...others
  } = from
  const { googleClientSecret, microsoftClientSecret, turnstileSecretKey, ...addresses } = others
  const { upgradeUrl, salesUrl, tokenAudience, otelExporterOtlpHeaders, ...more } = addresses
  const { googleHostedDomains, microsoftAllowedTenants, productOrigins, ...rest } = more
  const [first = '', ...former] = secret.split(',')
  return {
    ...rest,
    databaseUrl: new Secret(databaseUrl),
    databaseDirectUrl: new Secret(databaseDirectUrl),
    secrets: [new Secret(first), ...former.map((one) => new Secret(one))],
    ...(redisUrl && { redisUrl: new Secret(redisUrl) }),
    ...(smtpUrl && { smtpUrl: new Secret(smtpUrl) }),
    ...(otelExporterOtlpHeaders && { otelExporterOtlpHeaders: new Secret(otelExporterOtlpHeaders) }),
    ...(turnstileSecretKey && { turnstileSecretKey: new Secret(turnstileSecretKey) }),
    ...(stripeSecretKey && { stripeSecretKey: new Secret(stripeSecretKey) }),
    ...(googleClientSecret && { googleClientSecret: new Secret(googleClientSecret) }),
    googleHostedDomains: listOf(googleHostedDomains).map((domain) => domainToASCII(domain).toLowerCase()),
    ...(microsoftClientSecret && { microsoftClientSecret: new Secret(microsoftClientSecret) }),
    microsoftTenant: from.microsoftTenant.toLowerCase(),
    microsoftAllowedTenants: listOf(microsoftAllowedTenants?.toLowerCase()),
    productOrigins: listOf(productOrigins).map((origin) => new URL(origin).origin),
    stripeWebhookSecrets: stripeWebhookSecret?.split(',').map((one) => new Secret(one)) ?? [],
    upgradeUrl: upgradeUrl ?? `${from.publicUrl}/billing`,
    salesUrl: salesUrl ?? `${from.publicUrl}/talk-to-sales`,
    tokenAudience: tokenAudience ?? from.publicUrl,
    version: versionOfPackage(),
  }
}

const listOf = (text: string | undefined) => text?.split(',') ?? []

function versionOfPackage(): string {
  const file = readFileSync(new URL('package.json', packageRoot), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}
