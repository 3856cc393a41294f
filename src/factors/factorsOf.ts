import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import { columnOf, type Holder } from './holder.ts'

/** The ways to prove a factor, the usual one first. */
export const factorMethods = ['totp', 'passkey', 'recovery-code'] as const
export type FactorMethod = (typeof factorMethods)[number]

/** A passkey as its holder sees it. */
export interface HeldPasskey {
  id: string
  name: string
  createdAt: Date
  lastUsedAt: Date | null
}

/** What somebody can prove who they are with after the first step. */
export interface Factors {
  totp: { since: Date } | null
  passkeys: HeldPasskey[]
  recoveryCodesLeft: number
}

/** The factors of a holder that are in force, in one round trip. */
export async function factorsOf(db: Db, holder: Holder): Promise<Factors> {
  const isTheirs = sql`${sql.ref(columnOf(holder))} = ${holder.id}`
  const { rows } = await sql<Row>`
    select
      (select confirmed_at from factor_totp where ${isTheirs} and confirmed_at is not null) as totp_since,
      (select coalesce(json_agg(json_build_object(
          'id', id, 'name', name, 'createdAt', created_at, 'lastUsedAt', last_used_at) order by created_at, id), '[]')
        from factor_passkeys where ${isTheirs}) as passkeys,
      (select count(*) from factor_recovery_codes where ${isTheirs} and used_at is null) as codes_left`.execute(
    db,
  )
  const [row] = rows
  if (!row) throw new Error('A select without a table answers with one row')
  return {
    totp: row.totp_since && { since: row.totp_since },
    passkeys: row.passkeys.map(({ createdAt, lastUsedAt, ...passkey }) => ({
      ...passkey,
      createdAt: new Date(createdAt),
      lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt),
    })),
    recoveryCodesLeft: row.codes_left,
  }
}

/**
 * How these factors can be proved; empty for whoever has none. Recovery codes stand in for a factor and are none: alone they
 * ask nothing of anybody.
 */
export function methodsOf({ totp, passkeys, recoveryCodesLeft }: Factors): FactorMethod[] {
  if (!totp && passkeys.length === 0) return []
  const has = { totp: totp !== null, passkey: passkeys.length > 0, 'recovery-code': recoveryCodesLeft > 0 }
  return factorMethods.filter((method) => has[method])
}

interface Row {
  totp_since: Date | null
  passkeys: { id: string; name: string; createdAt: string; lastUsedAt: string | null }[]
  codes_left: number
}
