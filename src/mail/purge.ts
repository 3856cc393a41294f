import { sql } from 'kysely'
import { deletes, type Purge } from '../db/purge.ts'

/** Mails to members stay theirs; those to people who were only invited go with the account. */
export const accountPurges: Purge[] = [
  {
    table: 'mail_log',
    async run(tx, accountId) {
      await sql`delete from mail_log where account_id = ${accountId} and user_id is null`.execute(tx)
      await sql`update mail_log set account_id = null where account_id = ${accountId}`.execute(tx)
    },
  },
]

export const userPurges: Purge[] = [deletes('mail_log', 'user_id')]
