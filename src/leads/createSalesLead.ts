import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { networkOf } from '../http/origin.ts'
import type { Limit } from '../limits/limiter.ts'
import { refuseAboveLimit } from '../limits/refuseAboveLimit.ts'
import { problem } from '../problems.ts'
import { keepLead } from './keepLead.ts'
import type { JudgedLead, Lead } from './leads.ts'
import { spamReasonOf } from './rules.ts'

const HOUR = 3600

/** What a form sends beside the lead itself. */
export interface Traps {
  /** A field that people do not see. */
  website: string
  turnstileToken: string | null
}

/**
 * Keeps what somebody wrote who wants to talk to sales, and promises the mail to sales in the same commit. What a
 * program seems to have written is kept too, mails nobody, and is answered alike.
 */
export async function createSalesLead(
  app: App,
  caller: Caller,
  { lead, traps }: { lead: Lead; traps: Traps },
  at: Date,
): Promise<void> {
  const spamReason = spamReasonOf(traps.website)
  const turnstile = spamReason ? null : await judgeChallenge(app, caller, traps.turnstileToken, at)
  refuseAboveLimit(await app.limiter.take([leadLimit(caller.ip)], at))
  await inTx(app, (tx) => keepLead(tx, app.config, caller, { ...lead, spamReason, turnstile }, at))
}

/** Throws where a person should try again. Where Turnstile says nothing they are let in: a lead is worth more. */
async function judgeChallenge(
  app: App,
  { ip }: Caller,
  token: string | null,
  at: Date,
): Promise<JudgedLead['turnstile']> {
  if (!app.turnstile) return null
  if (!token) throw unfit('is missing: the challenge on the page has not been passed yet')
  refuseAboveLimit(await app.limiter.take([challengeLimit(ip)], at))
  const verdict = await app.turnstile.check(token, ip)
  if (verdict === 'failed') throw unfit('is not of a challenge that was just passed; take it once more')
  return verdict
}

function unfit(detail: string) {
  return problem('invalid-request', { errors: [{ pointer: '#/turnstile_token', detail }] })
}

const leadLimit = (ip: string | null): Limit => ({
  key: `lead ip ${networkOf(ip ?? '')}`,
  most: 5,
  windowSeconds: HOUR,
})

/** Wider, since whoever fails a challenge may take it again: it is there for Cloudflare's sake and ours. */
const challengeLimit = (ip: string | null): Limit => ({
  key: `challenge ip ${networkOf(ip ?? '')}`,
  most: 30,
  windowSeconds: HOUR,
})
