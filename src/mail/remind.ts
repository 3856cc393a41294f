import { type RawBuilder, sql } from 'kysely'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { type MailOrder, queueMail } from './queueMail.ts'
import type { TemplateName } from './templates.ts'

/** How many days before an end people are told of it, the longest first. */
const NOTICES = [3, 1]
const DAY = 86_400_000

/** The last instant that is told of at `at`: no end after it is due. */
export function lastToTellOf(at: Date): Date {
  return new Date(at.getTime() + Math.max(...NOTICES) * DAY)
}

/** In SQL, the days of notice that are due of an end. Of two, as after an outage, only the shorter is told of. */
export function noticeOf(end: string, at: Date): RawBuilder<number | null> {
  return sql`(select min(days) from unnest(${NOTICES}::int[]) as days
    where ${sql.ref(end)} <= ${at}::timestamptz + days * interval '1 day')`
}

const BATCH = 500

/**
 * Mails whatever `find` finds to be due, each in a commit of its own. Each has a `onceKey`, by which `find` leaves out
 * what has been mailed, so that running twice, or in two workers, mails nothing twice.
 */
export async function remindOfAll<Due, T extends TemplateName>(
  app: App,
  find: (limit: number) => Promise<Due[]>,
  mailOf: (due: Due) => MailOrder<T> & { onceKey: string },
  at: Date,
): Promise<void> {
  for (;;) {
    const due = await find(BATCH)
    for (const one of due) await inTx(app, (tx) => queueMail(tx, mailOf(one), at))
    if (due.length < BATCH) return
  }
}
