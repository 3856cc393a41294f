import { problem } from '../problems.ts'

/** Refuses what the contract takes for an instant and Date does not: RFC 3339 has leap seconds and short offsets. */
export function refuseNoInstant(pointer: string, instant: Date): void {
  if (Number.isNaN(instant.getTime())) refuse(pointer, 'is not an instant')
}

/** Refuses an end that is no instant, or is not in the future; null is no end. */
export function refuseOddEnd(pointer: string, until: Date | null, at: Date): void {
  if (!until) return
  refuseNoInstant(pointer, until)
  if (until <= at) refuse(pointer, 'must be in the future')
}

function refuse(pointer: string, detail: string): never {
  throw problem('invalid-request', { errors: [{ pointer, detail }] })
}
