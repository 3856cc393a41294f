import type { Config } from '../../config.ts'
import type { Db } from '../../db/database.ts'
import type { Openings } from './rules.ts'

/** Who may create accounts; null where SELF_SERVE_ENABLED lets everybody. Then nothing is asked of the database. */
export async function findOpenings(
  db: Db,
  { selfServeEnabled }: Pick<Config, 'selfServeEnabled'>,
): Promise<Openings | null> {
  return selfServeEnabled ? null : readOpenings(db)
}

/** What operators have opened, also where it does not matter. */
export async function readOpenings(db: Db): Promise<Openings> {
  const row = await db.selectFrom('self_serve_openings').select(['domains', 'share']).executeTakeFirst()
  return row ?? { domains: [], share: 0 }
}
