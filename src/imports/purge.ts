import { deletes, type Purge } from '../db/purge.ts'

/** What somebody was called elsewhere goes with everything else of theirs. */
export const accountPurges: Purge[] = [deletes('imported', 'account_id')]

/** The same for a user. */
export const userPurges: Purge[] = [deletes('imported', 'user_id')]
