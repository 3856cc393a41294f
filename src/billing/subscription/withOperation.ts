import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import { problem } from '../../problems.ts'
import { isAnswerToKey, isKeyOfOtherWords, isUnanswered } from '../../stripe/errors.ts'
import { KEY_LIVES_MS } from '../../stripe/keys.ts'
import type { MirroredSubscription } from '../projection/rules.ts'
import { isFulfilled, type OperationWish } from './rules.ts'

/** What is asked of Stripe for an account. */
export type Operation = OperationWish & { accountId: string }

/** Longer than the calls to Stripe take with all their repetitions. */
export const UNDER_WAY_FOR_MS = 5 * 60_000

/** Whoever wants something waits until seats are counted, which takes a moment; then they come first. */
const LOOKS_FOR_SEATS = 50
const LOOK_AGAIN_AFTER_MS = 200

/**
 * How long each of the two calls may take that set seats, with no repetition: both are over before anybody stops
 * waiting, so that they do not overwrite what was asked for since.
 */
export const SEATS_ANSWER_WITHIN_MS = (2 * LOOKS_FOR_SEATS * LOOK_AGAIN_AFTER_MS) / 5

/**
 * Runs `work` with an idempotency key that stands for this one operation: it is the id of a row that is there before
 * Stripe is called and open until the outcome is known. The same wish at the same time, or after a crash or a lost
 * answer, gets the same key, so Stripe does it once. Another wish meanwhile is refused; only seats are waited for. `look` is asked what became of a
 * key that was used before; `work` may answer that something is left for `settleOperations`.
 */
export async function withOperation(
  app: App,
  operation: Operation,
  work: (key: string) => Promise<'done' | 'half-done'>,
  look: () => Promise<MirroredSubscription | null>,
): Promise<void> {
  for (;;) {
    const { key, isOurs } = await openOperation(app, operation)
    try {
      if ((await work(key)) === 'half-done') return
    } catch (error) {
      // Without an answer nobody knows what Stripe did: whoever asks again asks with this key. And who came along while
      // another was at work knows only what became of their own call, unless Stripe repeats it for the key. A number of
      // seats may be set twice, so nobody has to wait until that is known.
      const isKnown = isOurs ? !isUnanswered(error) : isAnswerToKey(error, key)
      if (isKnown || operation.kind === 'seats') await finishOperation(app, key, 'refused')
      if (isKeyOfOtherWords(error)) continue
      throw error
    }
    await finishOperation(app, key, 'done')
    if (isOurs) return
    // Stripe repeats what it answered to the key before, though that may have been taken back since.
    const current = await look()
    if (!current || isFulfilled(operation, current)) return
  }
}

async function openOperation(
  app: App,
  { accountId, kind, wish }: Operation,
): Promise<{ key: string; isOurs: boolean }> {
  const at = app.now()
  for (let looks = 1; ; looks++) {
    const id = uuidv7()
    const made = await app.db
      .insertInto('stripe_operations')
      .values({ id, account_id: accountId, kind, wish: JSON.stringify(wish), created_at: at })
      .onConflict((conflict) => conflict.column('account_id').where('finished_at', 'is', null).doNothing())
      .returning('id')
      .executeTakeFirst()
    if (made) return { key: made.id, isOurs: true }
    const open = await openOperationOf(app, accountId)
    if (!open) continue
    const age = at.getTime() - open.createdAt.getTime()
    const isSame = open.kind === kind && isDeepStrictEqual(open.wish, { ...wish })
    if (isSame && age < KEY_LIVES_MS) return { key: open.id, isOurs: false }
    const isAside = open.kind === 'seats' && kind !== 'seats'
    if (isAside && looks < LOOKS_FOR_SEATS) {
      await sleep(LOOK_AGAIN_AFTER_MS)
      continue
    }
    if (age < UNDER_WAY_FOR_MS && !isAside) throw problem('change-in-progress')
    await finishOperation(app, open.id, 'given up')
  }
}

export type OpenOperation = Operation & { id: string; createdAt: Date }

/** What an account has under way, or does not know the outcome of. */
export async function openOperationOf(
  { db }: Pick<App, 'db'>,
  accountId: string,
): Promise<OpenOperation | null> {
  const row = await db
    .selectFrom('stripe_operations')
    .select(['id', 'kind', 'wish', 'created_at'])
    .where('account_id', '=', accountId)
    .where('finished_at', 'is', null)
    .executeTakeFirst()
  return row ? operationFrom({ ...row, account_id: accountId }) : null
}

/** Shapes a row. */
export function operationFrom(row: {
  id: string
  account_id: string
  kind: string
  wish: unknown
  created_at: Date
}): OpenOperation {
  const { kind, wish } = row as OperationWish
  return { kind, wish, id: row.id, accountId: row.account_id, createdAt: row.created_at } as OpenOperation
}

/** Notes what became of an operation; the first to know it is right. */
export async function finishOperation(
  app: Pick<App, 'db' | 'now'>,
  id: string,
  outcome: 'done' | 'refused' | 'given up',
): Promise<void> {
  await app.db
    .updateTable('stripe_operations')
    .set({ finished_at: app.now(), outcome })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .execute()
}
