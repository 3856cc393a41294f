import type { Db } from '../db/database.ts'
import type { Position } from '../http/pages.ts'
import { csvLine } from './csvLine.ts'
import { type AuditFilter, type AuditRow, describeAuditEntry, readAudit } from './readAudit.ts'

/** How the trail can be had as a file: for spreadsheets, and a JSON object a line for programs. */
export const auditFormats = ['csv', 'jsonl'] as const
export type AuditFormat = (typeof auditFormats)[number]

const BATCH = 1_000
/** Without it spreadsheets read UTF-8 as something else. */
const BYTE_ORDER_MARK = '\ufeff'

const columns = [
  'id',
  'at',
  'action',
  'actor_kind',
  'actor_id',
  'actor_email',
  'account_id',
  'user_id',
  'operator_email',
  'details',
  'ip',
  'user_agent',
  'request_id',
] as const

/**
 * All entries that a filter lets through, the newest first, read as fast as they are taken and not faster: what comes meanwhile
 * is left out.
 */
export async function* exportAudit(db: Db, filter: AuditFilter, format: AuditFormat): AsyncGenerator<string> {
  if (format === 'csv') yield BYTE_ORDER_MARK + csvLine(columns)
  const lineOf = format === 'csv' ? csvLineOf : jsonLineOf
  let after: Position | null = null
  for (;;) {
    const rows: AuditRow[] = await readAudit(db, filter, { after, limit: BATCH })
    yield rows.map(lineOf).join('')
    const last = rows.at(-1)
    if (!last || rows.length < BATCH) return
    after = { at: last.at, id: last.id }
  }
}

function csvLineOf(row: AuditRow): string {
  const entry = { ...describeAuditEntry(row), details: JSON.stringify(row.details) }
  return csvLine(columns.map((column) => entry[column]))
}

/** The names are in one order, whatever that of the columns in the table is. */
function jsonLineOf(row: AuditRow): string {
  const entry = describeAuditEntry(row)
  return `${JSON.stringify(Object.fromEntries(columns.map((column) => [column, entry[column]])))}\n`
}
