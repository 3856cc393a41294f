import { deletes, type Purge } from '../db/purge.ts'
import { tables } from './removeFactors.ts'

/** What becomes of a user's factors when they are gone for good. */
export const userPurges: Purge[] = tables.map((table) => deletes(table, 'user_id'))
