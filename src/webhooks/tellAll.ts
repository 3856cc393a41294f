import type { App } from '../app.ts'
import { tellAccount } from './tellAccount.ts'

const BATCH = 500

/**
 * Tells of every account that something was told of before, one after another, each in a commit of its own. Run again after
 * it was cut off, it goes through all of them once more and finds little to tell.
 */
export async function tellAll(app: App): Promise<void> {
  let last: string | undefined
  do {
    const batch = await nextAccounts(app, last)
    for (const account of batch) await tellAccount(app, { account })
    last = batch.length < BATCH ? undefined : batch.at(-1)
  } while (last !== undefined)
}

async function nextAccounts({ db }: App, last: string | undefined): Promise<string[]> {
  let query = db.selectFrom('webhook_told').select('account_id')
  if (last !== undefined) query = query.where('account_id', '>', last)
  const rows = await query.orderBy('account_id').limit(BATCH).execute()
  return rows.map(({ account_id }) => account_id)
}
