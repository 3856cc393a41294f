import type { Verdict } from '../turnstile/rules.ts'
import type { SpamReason } from './rules.ts'

/** Where somebody came from, as their browser says it. */
export const attributionNames = [
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_term',
  'utm_content',
  'referrer',
  'landing_page',
] as const

/** What of that it has said. */
export type Attribution = { [name in (typeof attributionNames)[number]]?: string }

/** What somebody who wants to talk to sales has written. */
export interface Lead {
  email: string
  name: string
  company: string
  companySize: string | null
  plan: string | null
  message: string | null
  source: string | null
  attribution: Attribution
}

/** A lead, and what the traps say of it. */
export interface JudgedLead extends Lead {
  spamReason: SpamReason | null
  /** Null where nobody was challenged. */
  turnstile: Exclude<Verdict, 'failed'> | null
}
