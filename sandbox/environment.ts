import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigFaults, readConfig } from '../src/config.ts'
import { packageRoot } from '../src/packageRoot.ts'
import { CannotStart } from './cannotStart.ts'
import { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET } from './oidc/google.ts'
import { MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET } from './oidc/microsoft.ts'

/** What the sandbox itself reads from the environment, and what it says of it in its help. */
export const sandboxVariables = {
  FRONTGATE_DATA: 'The folder in which everything is kept. Default: .frontgate beside package.json.',
  SANDBOX_PORT: 'The port of the sandbox: its pages, the mailbox and /control. Default: 4100.',
  PORT: 'The port of the service. Default: 4000. PUBLIC_URL follows it.',
  DATABASE_URL: 'A PostgreSQL of your own. Unset: an embedded one is started.',
  SMTP_URL: 'A mail server of your own. Unset: the mailbox of the sandbox. Set empty: no mail is sent.',
  SALES_EMAIL: 'Who is mailed about leads. Unset: sales@frontgate.example. Set empty: they are stored only.',
  STRIPE_SECRET_KEY: 'Set empty: billing that needs Stripe is off. Unset: the Stripe of the sandbox.',
  STRIPE_WEBHOOK_SECRET: 'Set empty: events of Stripe are answered and dropped.',
  GOOGLE_CLIENT_ID: 'Set empty: nobody can sign in with Google. Unset: the Google of the sandbox.',
  MICROSOFT_CLIENT_ID: 'Set empty: nobody can sign in with Microsoft. Unset: the Microsoft of the sandbox.',
  RUNBOOKS_PORT: 'The port of the product that Frontgate guards here. Default: 4200. Set empty: it is off.',
  RUNBOOKS_DATABASE_URL: 'A database of your own for the product. With DATABASE_URL set it has no other.',
}

/** Where things are and what is set, before anything is started. */
export interface Environment {
  folder: string
  servicePort: number
  sandboxPort: number
  /** Where the service can be reached from this machine. */
  serviceUrl: string
  /** A database that is not ours to start. */
  databaseUrl: string | undefined
  /** Where the product is and what it keeps its rows in, unless that is a database beside the service's; null, and it is off. */
  product: { port: number; url: string; databaseUrl: string | undefined } | null
  /** What the sandbox's Stripe signs events with; none, and it sends none, where the service takes none. */
  stripeSigningSecret: string | undefined
  /** What was switched off, and what that means, in a line each. */
  off: string[]
  /** The service's variables, once there is a database and a mailbox. */
  forService(found: { databaseUrl: string; smtpUrl: string; secret: string }): NodeJS.ProcessEnv
}

/** The key that the sandbox's Stripe takes. */
export const STRIPE_KEY = 'sk_test_sandbox'

const root = fileURLToPath(packageRoot)
/** Empty, these switch a part off, which means this; others that are empty count as unset. */
const offWhenEmpty: Record<string, string> = {
  SMTP_URL: 'no mail is sent',
  SALES_EMAIL: 'leads are stored and nobody is mailed',
  STRIPE_SECRET_KEY: 'nobody can buy anything',
  STRIPE_WEBHOOK_SECRET: 'events of Stripe are answered and dropped',
  GOOGLE_CLIENT_ID: 'nobody can sign in with Google',
  MICROSOFT_CLIENT_ID: 'nobody can sign in with Microsoft',
  RUNBOOKS_PORT: 'the product is not started',
}
const STRIPE_SIGNING_SECRET = 'whsec_sandbox'
const WITHOUT_DATABASE =
  'RUNBOOKS_DATABASE_URL is unset, and DATABASE_URL is a database of yours: the product is not started.'
const EVERYWHERE = ['localhost', '0.0.0.0', '::', '']

/** The folder in which the sandbox keeps what it knows. */
export function dataFolder(env: NodeJS.ProcessEnv): string {
  return resolve(env.FRONTGATE_DATA?.trim() || join(root, '.frontgate'))
}

/** The file that keeps the secret of a sandbox that was given none. */
export function secretFile(folder: string): string {
  return join(folder, 'secret')
}

/** Reads the environment; throws CannotStart with every fault it found. */
export function readEnvironment(given: NodeJS.ProcessEnv, folder: string): Environment {
  const env = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value?.trim() || name in offWhenEmpty),
  )
  const { PORT = '4000', SANDBOX_PORT = '4100', RUNBOOKS_PORT = '4200', HOST = 'localhost' } = env
  const product = productOf(env, RUNBOOKS_PORT)
  // What its port spoils is not to be found fault with a second time.
  const origin = product && isPort(RUNBOOKS_PORT) ? product.url : null
  const forService: Environment['forService'] = ({ databaseUrl, smtpUrl, secret }) => ({
    PUBLIC_URL: `http://localhost:${PORT}`,
    HOST,
    PORT,
    SELF_SERVE_ENABLED: 'true',
    OPERATORS_NEED_SECOND_FACTOR: 'false',
    REGISTRATIONS_PER_HOUR: '0',
    MAIL_FROM: 'no-reply@frontgate.localhost',
    SALES_EMAIL: 'sales@frontgate.example',
    CATALOGUE_FILE: join(root, 'catalogue.json'),
    SMTP_URL: smtpUrl,
    STRIPE_API_URL: `http://localhost:${SANDBOX_PORT}`,
    STRIPE_SECRET_KEY: STRIPE_KEY,
    STRIPE_WEBHOOK_SECRET: STRIPE_SIGNING_SECRET,
    SECRET: secret,
    ...(origin && { UPGRADE_URL: `${origin}/pricing` }),
    ...env,
    ...(origin && { PRODUCT_ORIGINS: [origin, env.PRODUCT_ORIGINS].filter(Boolean).join(',') }),
    ...clientAt('GOOGLE', env, GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET),
    ...clientAt('MICROSOFT', env, MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET),
    DATABASE_URL: databaseUrl,
  })
  const databaseUrl = env.DATABASE_URL
  const faults = [
    ...faultsOfPorts({ PORT, SANDBOX_PORT, ...(product && { RUNBOOKS_PORT }) }),
    ...faultsOfService(
      forService({
        databaseUrl: databaseUrl ?? 'postgres://later',
        smtpUrl: 'smtp://later',
        secret: '?'.repeat(32),
      }),
    ),
  ]
  if (faults.length > 0) throw new CannotStart(sayFaults(faults))
  const host = EVERYWHERE.includes(HOST) ? 'localhost' : HOST
  return {
    folder,
    servicePort: Number(PORT),
    sandboxPort: Number(SANDBOX_PORT),
    serviceUrl: `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`,
    databaseUrl,
    product,
    // While one is rolled there are two, and either will do.
    stripeSigningSecret:
      (env.STRIPE_WEBHOOK_SECRET ?? STRIPE_SIGNING_SECRET).split(',')[0]?.trim() || undefined,
    off: [
      ...Object.entries(offWhenEmpty).flatMap(([name, meaning]) =>
        env[name]?.trim() === '' ? [`${name} is empty: ${meaning}.`] : [],
      ),
      ...(!product && RUNBOOKS_PORT.trim() ? [WITHOUT_DATABASE] : []),
    ],
    forService,
  }
}

/** The client at a provider: the sandbox's unless there is another, and no half of one where it is off. */
function clientAt(provider: string, env: NodeJS.ProcessEnv, id: string, secret: string): NodeJS.ProcessEnv {
  const [idName, secretName] = [`${provider}_CLIENT_ID`, `${provider}_CLIENT_SECRET`]
  if (env[idName]?.trim() === '') return { [secretName]: '' }
  const isGiven = env[idName] !== undefined || env[secretName] !== undefined
  return isGiven ? {} : { [idName]: id, [secretName]: secret }
}

/** The product; none where its port is set empty, or where it would have to put its tables into a database of yours. */
function productOf(
  { DATABASE_URL, RUNBOOKS_DATABASE_URL }: NodeJS.ProcessEnv,
  port: string,
): Environment['product'] {
  if (port.trim() === '' || (DATABASE_URL && !RUNBOOKS_DATABASE_URL)) return null
  return { port: Number(port), url: `http://localhost:${port}`, databaseUrl: RUNBOOKS_DATABASE_URL }
}

function faultsOfPorts({ PORT, ...ours }: Record<string, string>): string[] {
  const faults = Object.entries(ours)
    .filter(([, port]) => !isPort(port))
    .map(([name, port]) => `${name} is "${port}", but it must be a port from 1 to 65535.`)
  if (faults.length > 0) return faults
  const all = Object.entries({ PORT, ...ours })
  return all.flatMap(([name, port], i) => {
    const same = all.slice(0, i).find(([, other]) => other === port)
    return same ? [`${same[0]} and ${name} are both ${port}, but they must differ.`] : []
  })
}

function isPort(port: string): boolean {
  return /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535
}

function faultsOfService(env: NodeJS.ProcessEnv): string[] {
  try {
    const { port } = readConfig(env)
    return port === 0 ? ['PORT is 0, but it must be a port from 1 to 65535.'] : []
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults
    throw error
  }
}

function sayFaults(faults: string[]): string {
  const list = faults.map((fault) => `  - ${fault}`).join('\n')
  return `The environment has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${list}\n\`npm start -- --help\` explains the variables.`
}

/** The secret of a sandbox that is given none: made once, so that sessions and mailed links survive a restart. */
export function keptSecret(folder: string): string {
  const path = secretFile(folder)
  try {
    const kept = readFileSync(path, 'utf8').trim()
    if (kept) return kept
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const secret = randomBytes(32).toString('base64url')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `${secret}\n`, { mode: 0o600 })
  return secret
}
