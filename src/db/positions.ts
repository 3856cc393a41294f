/** How far somebody has read what changed: all that a snapshot of the database could see. */
export interface Position {
  /** Which table this is a position in, and of which start of a server: another one after a restore or a failover. */
  origin: string
  /** The first transaction that had not begun. */
  next: bigint
  /** Of those before it the ones that were under way. */
  underWay: bigint[]
  /** By the clock of the database, in milliseconds. */
  at: number
}

/** Beyond so many a cursor goes back to the first of them instead of naming each: what came after it is told twice. */
const MOST_NAMED = 20
// As many digits as the database can be asked with.
const CURSOR = /^(\d{1,16}-\d{1,10}-\d{1,10})\.(\d{1,14})\.(\d{1,18})((?:-\d{1,18}){0,20})$/

/** Reads how PostgreSQL writes a snapshot: `xmin:xmax:xid,xid`. */
export function readSnapshotText(text: string): Pick<Position, 'next' | 'underWay'> {
  const [, next = '', underWay = ''] = text.split(':')
  return { next: BigInt(next), underWay: underWay.split(',').filter(Boolean).map(BigInt) }
}

/** A position as it is handed out; whoever comes back with it is told all that came after it. */
export function writeCursor({ origin, next, underWay, at }: Position): string {
  const [first] = underWay
  const isLong = first !== undefined && underWay.length > MOST_NAMED
  const named = isLong ? [first] : [next, ...underWay]
  return Buffer.from(`${origin}.${at}.${named.join('-')}`).toString('base64url')
}

/** The position that a cursor stands for; null for what is no cursor of ours. */
export function readCursor(cursor: string): Position | null {
  const found = CURSOR.exec(Buffer.from(cursor, 'base64url').toString())
  if (!found) return null
  const [, origin = '', at = '', next = '', underWay = ''] = found
  return {
    origin,
    at: Number(at),
    next: BigInt(next),
    underWay: underWay.split('-').filter(Boolean).map(BigInt),
  }
}
