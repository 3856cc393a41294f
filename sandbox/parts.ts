import type { AccessTokens } from '../src/access/accessTokens.ts'
import type { App } from '../src/app.ts'
import type { Sweep } from '../src/jobs/runJobs.ts'
import type { Clock } from './clock.ts'
import type { Mailbox } from './mailbox/mailbox.ts'
import type { Providers } from './oidc/createProviders.ts'
import type { StripeStandIn } from './stripe/engine/createStripe.ts'

/** What the servers of the sandbox share: the running service, and the world around it. */
export interface Parts {
  app: App
  tokens: AccessTokens
  sweeps: Sweep[]
  clock: Clock
  mailbox: Mailbox
  stripe: StripeStandIn
  providers: Providers
  /** Where the service answers. */
  serviceUrl: string
  /** Where the product answers that the service guards; null where it is off. */
  productUrl: string | null
  /** Aborts when the sandbox begins to stop, so that nobody keeps waiting for things to settle. */
  stopping: AbortSignal
}
