import { validate as isUuid } from 'uuid'
import { problem } from '../problems.ts'

/** The last row of a page: lists are ordered by a time and then an id, both descending. */
export interface Position {
  at: Date
  id: string
}

const DEFAULT_LIMIT = 50
// Up to the year 33658: PostgreSQL does not know all times that JavaScript knows.
const MILLIS = /^\d{1,15}$/

/** Where a page begins and how long it is, from the query of a list; `isId` knows the ids of its rows. */
export function pageBounds(
  { limit = DEFAULT_LIMIT, cursor }: { limit?: number; cursor?: string },
  isId: (id: string) => boolean = isUuid,
): { limit: number; after: Position | null } {
  return { limit, after: cursor === undefined ? null : readCursor(cursor, isId) }
}

/** Shapes the rows of a page; one row more than `limit` was read to see whether there is a next page. */
export function pageFrom<Row, Item>(
  rows: Row[],
  limit: number,
  positionOf: (row: Row) => Position,
  describe: (row: Row) => Item,
): { data: Item[]; next_cursor: string | null } {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const next = rows.length > limit && last ? writeCursor(positionOf(last)) : null
  return { data: page.map(describe), next_cursor: next }
}

function writeCursor({ at, id }: Position): string {
  return Buffer.from(`${at.getTime()} ${id}`).toString('base64url')
}

function readCursor(cursor: string, isId: (id: string) => boolean): Position {
  const [millis = '', id = '', ...more] = Buffer.from(cursor, 'base64url').toString().split(' ')
  if (!MILLIS.test(millis) || !isId(id) || more.length > 0) {
    throw problem('invalid-request', {
      errors: [{ pointer: '#/query/cursor', detail: 'is not a cursor of this list' }],
    })
  }
  return { at: new Date(Number(millis)), id }
}
