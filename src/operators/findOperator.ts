import type { Db } from '../db/database.ts'

/**
 * The operator with this normalised address, or null when there is none or they were removed. One that is held is not removed
 * before the transaction is over.
 */
export async function findOperator(
  db: Db,
  email: string,
  { isHeld = false } = {},
): Promise<{ id: string } | null> {
  const operator = await db
    .selectFrom('operators')
    .select('id')
    .where('email', '=', email)
    .where('disabled_at', 'is', null)
    .$if(isHeld, (query) => query.forNoKeyUpdate())
    .executeTakeFirst()
  return operator ?? null
}
