import type { RawBuilder } from 'kysely'
import type { DB } from '../db/tables.ts'

/** One file of an export: a kind of record, and how its rows are found. Its columns are the fields that people read. */
export interface ExportFile {
  /** Without `.json`. */
  file: string
  /** For whoever opens the archive: what it is. */
  about: string
  /** The tables that it is taken from, for the test that no table is forgotten. */
  tables: (keyof DB)[]
  /**
   * All rows of a user or an account, in the order in which they are shown. No hash, token or key, and nothing
   * that names somebody else, unless it is the account's own to know.
   */
  rows: (id: string) => RawBuilder<unknown>
}

/** Tables that name somebody and are in none of the files, each with the reason. */
export type LeftOut = Partial<Record<keyof DB, string>>
