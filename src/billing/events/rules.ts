/** An event as it is kept: what it is about, and whether it is ours to follow. */
export interface ReceivedEvent {
  id: string
  type: string
  shape: 'snapshot' | 'thin'
  /** Null where the event does not say whose it is; then its object has to be fetched. */
  customer: string | null
  object: string | null
  /** Why it is kept but not followed; null when it is. */
  ignored: 'other-mode' | 'other-account' | 'no-customer' | null
  createdAt: Date
}

export type ReadEvent = { kind: 'event'; event: ReceivedEvent } | { kind: 'unreadable' }

/** What is known of an object of Stripe's without fetching it. */
interface SomeObject {
  id?: unknown
  object?: unknown
  customer?: unknown
}

interface SomeEvent {
  id?: unknown
  object?: unknown
  type?: unknown
  created?: unknown
  livemode?: unknown
  account?: unknown
  context?: unknown
  data?: { object?: SomeObject }
  related_object?: { id?: unknown; type?: unknown } | null
}

/**
 * Reads both shapes of an event: a snapshot (https://docs.stripe.com/api/events/object) and a thin notification
 * (https://docs.stripe.com/event-destinations). Its content is a hint at whom to look at, never what is believed.
 * `livemode` is that of our key, null where there is none yet.
 */
export function readEvent(body: unknown, livemode: boolean | null): ReadEvent {
  const given = (typeof body === 'object' && body !== null ? body : {}) as SomeEvent
  const shape = given.object === 'event' ? 'snapshot' : given.object === 'v2.core.event' ? 'thin' : null
  const createdAt = instantOf(given.created)
  if (!shape || !isName(given.id) || !isName(given.type) || !createdAt) return { kind: 'unreadable' }
  const about = shape === 'snapshot' ? aboutSnapshot(given) : aboutThin(given)
  const event = { id: given.id, type: given.type, shape, ...about, createdAt } as const
  return { kind: 'event', event: { ...event, ignored: whyIgnored(given, event, livemode) } }
}

function aboutSnapshot({ data }: SomeEvent): Pick<ReceivedEvent, 'customer' | 'object'> {
  const object = data?.object ?? {}
  const id = nameOrNull(object.id)
  return { customer: object.object === 'customer' ? id : customerOf(object), object: id }
}

function aboutThin({ related_object }: SomeEvent): Pick<ReceivedEvent, 'customer' | 'object'> {
  const id = nameOrNull(related_object?.id)
  return { customer: related_object?.type === 'customer' ? id : null, object: id }
}

/** Whose an object is, where it says so: by id, or with the customer in full. */
export function customerOf({ customer }: SomeObject): string | null {
  return nameOrNull(typeof customer === 'object' ? (customer as SomeObject | null)?.id : customer)
}

/** Objects that lead to a customer once they are fetched, though their events do not name one. */
const LEADING_TO_CUSTOMER =
  /^(v1\.)?(customer|invoice|invoice_payment|charge|refund|checkout|payment_intent|payment_method|setup_intent|subscription_schedule)[._]/

function whyIgnored(
  { livemode: theirs, account, context }: SomeEvent,
  { type, customer, object }: Pick<ReceivedEvent, 'type' | 'customer' | 'object'>,
  ours: boolean | null,
): ReceivedEvent['ignored'] {
  if (ours !== null && theirs !== ours) return 'other-mode'
  if (account || context) return 'other-account'
  if (customer || (object && LEADING_TO_CUSTOMER.test(type))) return null
  return 'no-customer'
}

const MOST_OF_A_NAME = 255

function isName(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length > 0 && value.length <= MOST_OF_A_NAME && !value.includes('\0')
  )
}

const nameOrNull = (value: unknown) => (isName(value) ? value : null)

/** Snapshots count seconds, thin events write RFC 3339. */
function instantOf(created: unknown): Date | null {
  const at = new Date(typeof created === 'number' ? created * 1000 : String(created))
  return Number.isNaN(at.getTime()) ? null : at
}
