import type { Selectable } from 'kysely'
import type { Db } from '../db/database.ts'
import type { SalesLeads } from '../db/tables.ts'
import type { Position } from '../http/pages.ts'
import { type Attribution, attributionNames } from '../leads/leads.ts'
import { csvLine } from './csvLine.ts'
import { positionOf, readLeads } from './listLeads.ts'

const BATCH = 500
/** Without it spreadsheets read UTF-8 as something else. */
const BYTE_ORDER_MARK = '\ufeff'

const columns = [
  'id',
  'created_at',
  'email',
  'name',
  'company',
  'company_size',
  'plan',
  'message',
  'source',
  ...attributionNames,
  'spam_reason',
  'turnstile',
  'mailed_at',
] as const

/** All leads of a kind as CSV, the newest first, read as fast as they are taken: those that come meanwhile are left out. */
export async function* exportLeads(db: Db, { spam = false }: { spam?: boolean }): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + csvLine(columns)
  let after: Position | null = null
  for (;;) {
    const rows: Selectable<SalesLeads>[] = await readLeads(db, { spam, after, limit: BATCH })
    yield rows.map(lineOf).join('')
    const last = rows.at(-1)
    if (!last || rows.length < BATCH) return
    after = positionOf(last)
  }
}

function lineOf({ attribution, created_at, mailed_at, ...lead }: Selectable<SalesLeads>): string {
  const cells: Record<string, string | null> = {
    ...(attribution as Attribution),
    ...lead,
    created_at: created_at.toISOString(),
    mailed_at: mailed_at?.toISOString() ?? null,
  }
  return csvLine(columns.map((column) => cells[column] ?? null))
}
