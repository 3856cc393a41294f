import { sql } from 'kysely'
import type { Db } from '../db/database.ts'

/** How many imported accounts that are open nobody owns: as long as that is so, nobody can invite or pay there. */
export async function countOwnerless(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from imported i join accounts a on a.id = i.account_id
    where i.kind = 'account' and a.closed_at is null
      and not exists (select from members m where m.account_id = a.id and m.role = 'owner')`.execute(db)
  return rows[0]?.count ?? 0
}
