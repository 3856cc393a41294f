import { followSeatsJob } from './accounts/members/promiseSeats.ts'
import { registerByMail, registerByMailJob } from './accounts/registerByMail.ts'
import { remindOfTrialEnd } from './accounts/remindOfTrialEnd.ts'
import type { App } from './app.ts'
import { forgetOrigins, forgetOriginsJob } from './audit/forgetOrigins.ts'
import { cancelUnwanted } from './billing/checkout/cancelUnwanted.ts'
import { remindOfFirstPayment } from './billing/dunning/remindOfFirstPayment.ts'
import { warnOfExpiringCards } from './billing/dunning/warnOfExpiringCards.ts'
import { forgetEvents } from './billing/events/forgetEvents.ts'
import { resolveEvent } from './billing/events/resolveEvent.ts'
import { cancelUnwantedJob, projectImportedJob, projectJob, resolveEventJob } from './billing/jobs.ts'
import { projectOnEvents } from './billing/projection/projectCustomer.ts'
import { reconcileHourly } from './billing/reconcile/reconcileHourly.ts'
import { followSeats } from './billing/seats/followSeats.ts'
import { settleOperations } from './billing/subscription/settleOperations.ts'
import { forgetChanges } from './db/forgetChanges.ts'
import { forgetUsageKeys } from './entitlements/usage/usageKeys.ts'
import { forgetChallenges } from './factors/passkeys/challenges.ts'
import { sendResetLinkJob } from './identity/forgotPassword.ts'
import { forgetFlows } from './identity/oauth/flows.ts'
import { forgetSignInChallenges } from './identity/secondFactor/challenges.ts'
import { sendResetLink } from './identity/sendResetLink.ts'
import { forgetGivenUpJobs } from './jobs/forgetGivenUpJobs.ts'
import { handles, type JobHandler, runJobs, type Sweep, type Worker } from './jobs/runJobs.ts'
import { sendMailJob } from './mail/queueMail.ts'
import { sendMail } from './mail/sendMail.ts'
import { sendSignInLinkJob } from './operators/sessions/askForLink.ts'
import { forgetSessions } from './operators/sessions/forgetSessions.ts'
import { sendSignInLink } from './operators/sessions/sendSignInLink.ts'
import { purge } from './records/purge.ts'
import { deliver, sweepDeliveries } from './webhooks/deliver.ts'
import { forgetMessages } from './webhooks/forgetMessages.ts'
import { deliverJob, takeStockJob, tellAccountJob, tellAllJob } from './webhooks/jobs.ts'
import { takeStock } from './webhooks/takeStock.ts'
import { tellAccount } from './webhooks/tellAccount.ts'
import { tellAll } from './webhooks/tellAll.ts'
import { sweepChanges, tellOnChanges } from './webhooks/watchChanges.ts'

const handlers: JobHandler[] = [
  handles(sendMailJob, sendMail),
  handles(sendResetLinkJob, sendResetLink),
  handles(registerByMailJob, registerByMail),
  handles(sendSignInLinkJob, sendSignInLink),
  handles(projectJob, projectOnEvents),
  handles(projectImportedJob, projectOnEvents),
  handles(resolveEventJob, resolveEvent),
  handles(cancelUnwantedJob, cancelUnwanted),
  handles(followSeatsJob, followSeats),
  handles(tellAccountJob, tellAccount),
  handles(tellAllJob, tellAll),
  handles(takeStockJob, takeStock),
  handles(deliverJob, deliver),
  handles(forgetOriginsJob, forgetOrigins),
]

/** Everything that happens because time has passed. No entitlement waits for it: rules take the time themselves. */
export const sweeps: Sweep[] = [
  { name: 'sweep.trial-reminders', run: remindOfTrialEnd },
  { name: 'sweep.first-payments', run: remindOfFirstPayment },
  { name: 'sweep.expiring-cards', run: warnOfExpiringCards },
  { name: 'sweep.reconcile', run: reconcileHourly },
  { name: 'sweep.stripe-operations', run: settleOperations },
  { name: 'sweep.stripe-events', run: forgetEvents },
  { name: 'sweep.usage-keys', run: forgetUsageKeys },
  { name: 'sweep.changes', run: forgetChanges },
  { name: 'sweep.oauth-flows', run: forgetFlows },
  { name: 'sweep.passkey-challenges', run: forgetChallenges },
  { name: 'sweep.sign-in-challenges', run: forgetSignInChallenges },
  { name: 'sweep.operator-sessions', run: forgetSessions },
  { name: 'sweep.purge', run: purge },
  { name: 'sweep.webhook-changes', run: sweepChanges },
  { name: 'sweep.webhook-deliveries', run: sweepDeliveries },
  { name: 'sweep.webhook-messages', run: forgetMessages },
  { name: 'sweep.given-up-jobs', run: forgetGivenUpJobs },
  { name: 'sweep.rate-limits', run: (app, at) => app.limiter.sweep(at) },
]

/** Takes the jobs of all modules, and promises those that follow what this process hears of. */
export async function startWorker(app: App): Promise<Worker> {
  const worker = await runJobs(app, handlers, sweeps)
  const endListening = tellOnChanges(app)
  return {
    async stop() {
      await endListening()
      await worker.stop()
    },
  }
}
