import { setTimeout as delay } from 'node:timers/promises'
import { AccessTokens } from '../src/access/accessTokens.ts'
import { type App, openApp } from '../src/app.ts'
import { bringPrices } from '../src/billing/prices/applyPrices.ts'
import { type Config, readConfig } from '../src/config.ts'
import { makeLog } from '../src/http/log.ts'
import type { ProviderName } from '../src/oidc/rules.ts'
import { prepareDatabase } from '../src/prepare.ts'
import { startService } from '../src/service.ts'
import { sweeps } from '../src/worker.ts'
import { CannotStart } from './cannotStart.ts'
import { openClock } from './clock.ts'
import { type Environment, keptSecret, STRIPE_KEY } from './environment.ts'
import { openLogFile } from './logFile.ts'
import { Mailbox } from './mailbox/mailbox.ts'
import { loadParser } from './mailbox/readLetter.ts'
import { startMailServer } from './mailbox/startMailServer.ts'
import { createProviders } from './oidc/createProviders.ts'
import { GOOGLE_CLIENT_ID } from './oidc/google.ts'
import { MICROSOFT_CLIENT_ID } from './oidc/microsoft.ts'
import { explainListenError } from './ports.ts'
import { type RunningProduct, runProduct } from './runbooks/runProduct.ts'
import { startSandboxServer } from './server.ts'
import { createStripe, type StripeStandIn } from './stripe/engine/createStripe.ts'

const MAIL_PORT = 4125
const READY_WITHIN_MS = 15_000
const STRIPE_LOOKS_EVERY_MS = 5_000

interface Surroundings {
  environment: Environment
  databaseUrl: string
  logPath: string
  say: (line: string) => void
  stopping: AbortSignal
  /** Takes what is to be stopped, in the reverse of the order in which it was started. */
  started: AsyncDisposableStack
}

/** Starts the service, and around it the mailbox and the sandbox's own server, and waits until it is ready. */
export async function runFrontgate(surroundings: Surroundings): Promise<void> {
  const { environment, databaseUrl, logPath, stopping, started } = surroundings
  const { folder, serviceUrl, sandboxPort, servicePort } = environment
  const clock = openClock(folder)
  const mailbox = new Mailbox()
  const mailServer = await startMailServer(mailbox, { now: clock.now, preferredPort: MAIL_PORT })
  started.defer(() => mailServer.stop())
  const found = { databaseUrl, smtpUrl: mailServer.url, secret: keptSecret(folder) }
  const config = readConfig(environment.forService(found))
  const logFile = openLogFile(logPath)
  started.defer(() => logFile.close())
  const log = makeLog(config, logFile)
  const providers = createProviders({
    folder,
    publicUrl: `http://localhost:${sandboxPort}`,
    serviceUrl: config.publicUrl,
    played: playedFor(config),
    log,
  })
  const opened = openApp(config, { now: clock.now, log, fetch: providers.fetch })
  started.defer(() => opened.close())
  const app = { ...opened, oidc: providers.showHere(opened.oidc) }
  await prepare(app, environment)
  const stripe = openStripe(app, environment)
  started.defer(() => stripe.close())
  const world = { clock, mailbox, stripe, providers }
  const productUrl = environment.product?.url ?? null
  const parts = { app, tokens: new AccessTokens(app), sweeps, ...world, serviceUrl, productUrl, stopping }
  try {
    const server = await startSandboxServer(parts, sandboxPort)
    started.defer(() => server.stop())
    const service = await startService(app, { serve: true, work: true })
    started.defer(() => service.stop())
  } catch (error) {
    throw explainListenError(error, { PORT: servicePort, SANDBOX_PORT: sandboxPort })
  }
  // Not before the service listens, which it follows, and stopped before it.
  const product = await startProduct(app, surroundings)
  if (product) started.defer(() => product.stop())
  await untilReady(serviceUrl, logPath)
  await bringCatalogueToStripe(app, sandboxPort)
  runStripe(app, stripe, started)
  await product?.ready
  void loadParser()
}

/** Whom the sandbox plays: those of whom the service is a client that only the sandbox knows. */
function playedFor({ googleClientId, microsoftClientId }: Config): ProviderName[] {
  return [
    ...(googleClientId === GOOGLE_CLIENT_ID ? (['google'] as const) : []),
    ...(microsoftClientId === MICROSOFT_CLIENT_ID ? (['microsoft'] as const) : []),
  ]
}

/** What Stripe holds is kept beside the database; it is still as an earlier run left it. */
function openStripe(app: App, environment: Environment): StripeStandIn {
  const { folder, serviceUrl, sandboxPort, stripeSigningSecret: secret } = environment
  return createStripe({
    now: app.now,
    folder,
    webhook: secret === undefined ? null : { url: `${serviceUrl}/v1/webhooks/stripe`, secret },
    secretKey: STRIPE_KEY,
    otherKey: app.config.stripeSecretKey?.reveal(),
    publicUrl: `http://localhost:${sandboxPort}`,
    log: app.log,
    waits: true,
  })
}

/** The product, if it is not switched off, with a database beside the service's unless it is given one. */
async function startProduct(
  app: App,
  { environment: { folder, product }, databaseUrl, say }: Surroundings,
): Promise<RunningProduct | null> {
  if (!product) return null
  const beside = Object.assign(new URL(databaseUrl), { pathname: '/runbooks' }).href
  return runProduct(app, { folder, port: product.port, databaseUrl: product.databaseUrl ?? beside, say })
}

/** Makes our Stripe sell what the catalogue says, by the service's own means; one elsewhere is left alone. */
async function bringCatalogueToStripe(app: App, sandboxPort: number): Promise<void> {
  const isOurs = new URL(app.config.stripeApiUrl).host === `localhost:${sandboxPort}`
  if (app.stripe && isOurs) await bringPrices(app)
}

/** From here on time passes at Stripe, and events are delivered. */
function runStripe({ log }: App, stripe: StripeStandIn, started: AsyncDisposableStack): void {
  stripe.deliveries.start()
  const look = () => {
    try {
      stripe.advance()
    } catch (error) {
      log.error({ error }, 'time does not pass at Stripe')
    }
  }
  const looking = setInterval(look, STRIPE_LOOKS_EVERY_MS).unref()
  // Before the service stops: what it cannot take any more would count as refused.
  started.defer(async () => {
    clearInterval(looking)
    await stripe.deliveries.close()
  })
}

async function prepare(app: App, { databaseUrl }: Environment): Promise<void> {
  try {
    await prepareDatabase(app)
  } catch (error) {
    if (!databaseUrl) throw error
    throw new CannotStart(`The database of DATABASE_URL cannot be used: ${(error as Error).message}`, error)
  }
}

async function untilReady(serviceUrl: string, logPath: string): Promise<void> {
  const until = performance.now() + READY_WITHIN_MS
  while (performance.now() < until) {
    const response = await fetch(`${serviceUrl}/readyz`).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok) return
    await delay(10)
  }
  throw new CannotStart(`The service does not become ready at ${serviceUrl}. Its log is ${logPath}.`)
}
