import type { Config } from './config.ts'
import { ChangeTail } from './db/changeTail.ts'
import { type Database, openDatabase } from './db/database.ts'
import { Changes } from './db/transaction.ts'
import { type Log, makeLog } from './http/log.ts'
import { type Metrics, makeMetrics } from './http/metrics.ts'
import { type Limiter, openLimiter } from './limits/limiter.ts'
import { type Mailer, openMailer } from './mail/mailer.ts'
import { type Oidc, openOidc } from './oidc/openOidc.ts'
import { Passwords } from './secrets/passwords.ts'
import { openStripe, type StripeAccount } from './stripe/openStripe.ts'
import { observedFetch } from './tracing/callOut.ts'
import { openTracing, type Tracing } from './tracing/tracing.ts'
import { openTurnstile, type Turnstile } from './turnstile/openTurnstile.ts'

/** What the running program holds: its settings, its connections, and its only clock. */
export interface App extends Database {
  config: Config
  changes: Changes
  /** What is committed by whatever process; it is looked at once it is started. */
  changeTail: ChangeTail
  limiter: Limiter
  mailer: Mailer
  passwords: Passwords
  /** Null where there is no key: then billing is off. */
  stripe: StripeAccount | null
  /** Google and Microsoft, as far as there are keys. */
  oidc: Oidc
  /** Null where there are no keys: then nobody is challenged. */
  turnstile: Turnstile | null
  log: Log
  metrics: Metrics
  /** Null where nothing is traced. */
  tracing: Tracing | null
  /** The only clock. In the sandbox it can be moved. */
  now: () => Date
  close: () => Promise<void>
}

/**
 * Opens what the configuration names. `now`, and `fetch` as far as it asks Google, Microsoft and Cloudflare, are replaced by the
 * sandbox, and by nothing else.
 */
export function openApp(
  config: Config,
  { now = () => new Date(), log = makeLog(config), fetch = globalThis.fetch } = {},
): App {
  const metrics = makeMetrics()
  const database = openDatabase(config, {
    onWait: (seconds) => metrics.databaseWaitSeconds.observe(seconds),
  })
  const limiter = openLimiter(config, database.db)
  const mailer = openMailer(config, metrics)
  const tracing = openTracing(config, log)
  const changes = new Changes()
  const changeTail = new ChangeTail({ config, pool: database.pool, changes, log, now })
  return {
    config,
    ...database,
    changes,
    changeTail,
    limiter,
    mailer,
    passwords: new Passwords(config, metrics),
    stripe: openStripe(config, metrics),
    oidc: openOidc(config, { fetch: observedFetch(metrics, 'identity-provider', fetch), log }),
    turnstile: openTurnstile(config, { fetch: observedFetch(metrics, 'turnstile', fetch), log }),
    log,
    metrics,
    tracing,
    now,
    async close() {
      await limiter.close()
      mailer.close()
      await changeTail.stop()
      await database.closeDatabase()
      await tracing?.close()
    },
  }
}
