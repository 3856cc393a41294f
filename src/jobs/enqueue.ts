import { sql } from 'kysely'
import type { Tx } from '../db/transaction.ts'

/** A named promise of work; `Payload` is what its handler is told. */
export interface Job<Payload extends object> {
  name: string
  /** Only for the compiler. */
  payload?: Payload
}

/** Names a job. Its handler is listed in src/worker.ts. */
export function job<Payload extends object>(name: string): Job<Payload> {
  return { name }
}

/** Promises a job in the same commit: it runs at least once after it, and never if the commit fails. */
export async function enqueue<Payload extends object>(
  tx: Tx,
  { name }: Job<Payload>,
  payload: Payload,
): Promise<void> {
  await sql`select from graphile_worker.add_job(${name}, ${JSON.stringify(payload)}::json)`.execute(tx)
}
