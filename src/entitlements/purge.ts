import { deletes, type Purge } from '../db/purge.ts'

/** What becomes of an account’s rows here. Grants stay: they say what was given, and what was paid for. */
export const accountPurges: Purge[] = [
  deletes('account_features', 'account_id'),
  deletes('account_limits', 'account_id'),
  deletes('usage', 'account_id'),
  deletes('usage_keys', 'account_id'),
]
