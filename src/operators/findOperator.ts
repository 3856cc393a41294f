import type { Db } from '../db/database.ts'

/** The operator with this normalised address, or null when there is none or they were removed. */
export async function findOperator(db: Db, email: string): Promise<{ id: string } | null> {
  const operator = await db
    .selectFrom('operators')
    .select('id')
    .where('email', '=', email)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  return operator ?? null
}
