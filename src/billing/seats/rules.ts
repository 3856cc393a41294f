import type { Plan } from '../../catalogue/catalogue.ts'
import { isFollowed } from '../../entitlements/truthTable.ts'

/** The quantity of a subscription, and how it came about. */
export interface Counted {
  quantity: number
  /** What we set last, and how many seats somebody had asked for then; null where we have set nothing. */
  seatsSet: number | null
  seatsAsked: number | null
}

/** A subscription with all that decides how many seats it should have. */
export interface Seating extends Counted {
  status: string
  cancelAtPeriodEnd: boolean
  cancelAt: Date | null
  currentPeriodEnd: Date
  /** How the plan counts seats; undefined for a price that buys no plan of ours. */
  seats: Plan['seats'] | undefined
  members: number
}

/** What is to be done about the quantity. */
export type SeatsDecision =
  | { kind: 'nothing' }
  /** `asked` is null where seats are not counted any more. */
  | { kind: 'set'; quantity: number; asked: number | null }

/**
 * What the quantity should be. A plan that follows has a seat for every member, and at least as many as were asked for.
 * What is not followed, because it is owed for or ends, is caught up with when that is over; until then nobody joins beyond it.
 */
export function decideSeats(one: Seating): SeatsDecision {
  if (!isFollowed(one)) return { kind: 'nothing' }
  switch (one.seats) {
    case 'follow': {
      const asked = askedOf(one)
      const quantity = Math.max(one.members, asked, 1)
      return quantity === one.quantity && !isMarkOld(one)
        ? { kind: 'nothing' }
        : { kind: 'set', quantity, asked }
    }
    case null:
      // The portal takes the quantity along when somebody changes to a plan without seats there.
      return one.seatsSet === null ? { kind: 'nothing' } : { kind: 'set', quantity: 1, asked: null }
    default:
      return { kind: 'nothing' }
  }
}

/** How many seats somebody wants, whoever is in the account: what we set ourselves was not asked for, everything else was. */
export function askedOf(one: Counted): number {
  return one.quantity === one.seatsSet ? (one.seatsAsked ?? 0) : one.quantity
}

/** Somebody has set another quantity since: it must not pass for ours when it comes back to what we had set. */
const isMarkOld = ({ quantity, seatsSet }: Counted) => seatsSet !== null && seatsSet !== quantity

const SET = 'frontgate_seats_set'
const ASKED = 'frontgate_seats_asked'

/**
 * The marks that go to Stripe together with a quantity, so that the one is never there without the other. Whatever
 * changes the quantity alone, as the portal does, is told by that.
 */
export function seatMarks(quantity: number, asked: number | null): Record<string, string> {
  // Empty takes a mark away: https://docs.stripe.com/api/metadata
  return asked === null ? { [SET]: '', [ASKED]: '' } : { [SET]: `${quantity}`, [ASKED]: `${asked}` }
}

/** What the marks say. */
export function readSeatMarks(metadata: Record<string, string>): Pick<Counted, 'seatsSet' | 'seatsAsked'> {
  const [seatsSet, seatsAsked] = [countIn(metadata[SET]), countIn(metadata[ASKED])]
  return seatsSet === null || seatsAsked === null
    ? { seatsSet: null, seatsAsked: null }
    : { seatsSet, seatsAsked }
}

/** Of what people may have written there at Stripe, what can be a number of seats. */
const countIn = (text: string | undefined) => (text && /^\d{1,7}$/.test(text) ? Number(text) : null)
