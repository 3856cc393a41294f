import { deletes, type Purge } from '../db/purge.ts'
import type { Tx } from '../db/transaction.ts'
import { holdReceivers, postMessages } from './postMessage.ts'
import { draftsOf, forgetTold } from './tellAccount.ts'

/** What becomes of an account's rows here: of all messages only one is left, that it is deleted. */
export const accountPurges: Purge[] = [
  deletes('webhook_messages', 'account_id'),
  { table: 'webhook_told', run: tellOfDeletion },
]

async function tellOfDeletion(tx: Tx, accountId: string, at: Date): Promise<void> {
  const version = await forgetTold(tx, accountId)
  if (version === null) return
  const drafts = draftsOf(accountId, version, [{ type: 'account.deleted', data: {} }])
  await postMessages(tx, await holdReceivers(tx), drafts, at)
}
