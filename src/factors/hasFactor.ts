import { type RawBuilder, sql } from 'kysely'

/** Whether the user whose id is in this column has a second factor, for a select that reads more of them. */
export function hasFactor(userIdColumn: string): RawBuilder<boolean> {
  const id = sql.ref(userIdColumn)
  return sql<boolean>`(
    exists (select from factor_totp where user_id = ${id} and confirmed_at is not null)
    or exists (select from factor_passkeys where user_id = ${id}))`
}
