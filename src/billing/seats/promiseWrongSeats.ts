import { promiseSeatsAnyway } from '../../accounts/members/promiseSeats.ts'
import type { Db } from '../../db/database.ts'
import { decideSeats } from './rules.ts'
import { seatingsOf } from './seatings.ts'

/** Promises that seats are followed wherever, as far as the mirror tells, the quantity is not what it should be; or in one account. */
export async function promiseWrongSeats(db: Db, accountId: string | null = null): Promise<void> {
  for (const seating of await seatingsOf(db, accountId)) {
    if (decideSeats(seating).kind === 'set') await promiseSeatsAnyway(db, seating.accountId)
  }
}
