import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import { problem } from '../../problems.ts'
import { isUnanswered } from '../../stripe/errors.ts'

/** What is asked of Stripe for an account. */
interface Operation {
  accountId: string
  kind: 'change' | 'cancel' | 'resume'
  wish: object
}

/** Longer than the calls to Stripe take with all their repetitions. */
const UNDER_WAY_FOR_MS = 5 * 60_000

/**
 * Runs `work` with an idempotency key that stands for this one operation: it is the id of a row that is there before
 * Stripe is called and open until the outcome is known. The same wish at the same time, or after a crash or a lost
 * answer, gets the same key, so Stripe does it once. Another wish meanwhile is refused.
 */
export async function withOperation<T>(
  app: App,
  operation: Operation,
  work: (key: string) => Promise<T>,
): Promise<T> {
  const { key, isOurs } = await openOperation(app, operation)
  try {
    const result = await work(key)
    await finish(app, key, 'done')
    return result
  } catch (error) {
    // Without an answer nobody knows what Stripe did: whoever asks again asks with this key. And who came along while
    // another was at work knows only what became of their own call.
    if (isOurs && !isUnanswered(error)) await finish(app, key, 'refused')
    throw error
  }
}

async function openOperation(
  app: App,
  { accountId, kind, wish }: Operation,
): Promise<{ key: string; isOurs: boolean }> {
  const at = app.now()
  for (;;) {
    const id = uuidv7()
    const made = await app.db
      .insertInto('stripe_operations')
      .values({ id, account_id: accountId, kind, wish: JSON.stringify(wish), created_at: at })
      .onConflict((conflict) => conflict.column('account_id').where('finished_at', 'is', null).doNothing())
      .returning('id')
      .executeTakeFirst()
    if (made) return { key: made.id, isOurs: true }
    const open = await app.db
      .selectFrom('stripe_operations')
      .select(['id', 'kind', 'wish', 'created_at'])
      .where('account_id', '=', accountId)
      .where('finished_at', 'is', null)
      .executeTakeFirst()
    if (!open) continue
    const isRecent = at.getTime() - open.created_at.getTime() < UNDER_WAY_FOR_MS
    const isSame = open.kind === kind && isDeepStrictEqual(open.wish, { ...wish })
    if (isSame && at.getTime() - open.created_at.getTime() < KEY_LIVES_MS)
      return { key: open.id, isOurs: false }
    if (isRecent) throw problem('change-in-progress')
    await finish(app, open.id, 'given up')
  }
}

/** Stripe keeps keys for a day at least: https://docs.stripe.com/api/idempotent_requests */
const KEY_LIVES_MS = 23 * 3_600_000

async function finish(app: App, id: string, outcome: string): Promise<void> {
  await app.db
    .updateTable('stripe_operations')
    .set({ finished_at: app.now(), outcome })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .execute()
}
