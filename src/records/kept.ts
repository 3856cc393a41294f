import type { DB } from '../db/tables.ts'

type Kept = Partial<Record<keyof DB, string>>

/** Tables whose rows stay as they are when an account is purged, and why. docs/guides/data.md says it to people. */
export const keptOfAccounts: Kept = {
  accounts: 'the id that books refer to, and when it was there; its name goes',
  grants: 'which plan was given or paid for, from when and until when',
  stripe_operations: 'what was asked of Stripe, and what came of it; names nobody',
  drift: 'where our copy of Stripe lagged behind; names nobody',
  trials_taken: 'so that a mailbox has one trial; the account is an id in it',
  second_factor_challenges: 'of users who sign in; the account is an id in them, for a day',
  sessions: 'of users who may go on; the account is an id in them',
}

/** The same for a user. */
export const keptOfUsers: Kept = {
  users: 'the id that others refer to; address, name and password are gone since the deletion',
  trials_taken: 'so that a mailbox has one trial: the address is in it as a hash only',
  grants: 'names staff at most',
  account_features: 'names staff at most',
  account_limits: 'names staff at most',
  product_keys: 'names staff at most',
  self_serve_openings: 'names staff at most',
  operators: 'staff, who are no users',
  operator_sessions: 'of staff, who are no users',
  sales_leads: 'whoever wrote to sales need not be a user; staff delete them when asked',
}
