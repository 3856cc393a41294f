import type { Selectable } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { DB } from '../../db/tables.ts'
import type { Scope } from '../../http/actor.ts'

type Row = Selectable<DB['product_keys']>

/** What everybody but the key’s holder may know of it. */
export type DescribedProductKey = ReturnType<typeof describeProductKey>

/** A key in the words of the wire: everything but what opens. */
export function describeProductKey(row: Omit<Row, 'key_hash'>) {
  const { id, name, last_four, created_by, revoked_by } = row
  return {
    id,
    name,
    last_four,
    scopes: row.scopes as Scope[],
    created_at: row.created_at.toISOString(),
    created_by,
    expires_at: row.expires_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    revoked_by,
  }
}

/** Every key there is, revoked ones too, the newest first. */
export async function allProductKeys(db: Db): Promise<DescribedProductKey[]> {
  const rows = await db
    .selectFrom('product_keys')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  return rows.map(describeProductKey)
}
