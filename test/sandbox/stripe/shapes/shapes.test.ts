import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareSamples, gatherByKind } from './compareSamples.ts'
import { findFaults, type Shaped, shapes } from './findFaults.ts'
import { type Answer, type Toured, takeTour } from './takeTour.ts'

/** What the tour meets: each kind with its states, if it has any. */
const expectedStates: Record<string, string> = {
  'billing_portal.configuration': '',
  'billing_portal.session': '',
  charge: 'failed succeeded',
  'checkout.session': 'complete expired open',
  coupon: '',
  customer: '',
  discount: '',
  dispute: 'lost needs_response',
  event: '',
  invoice: 'draft open paid uncollectible void',
  invoice_payment: 'canceled open paid',
  invoiceitem: '',
  item: '',
  line_item: '',
  list: '',
  payment_intent: 'canceled requires_action requires_payment_method succeeded',
  payment_method: '',
  plan: '',
  price: '',
  product: '',
  promotion_code: '',
  refund: 'succeeded',
  setup_intent: 'succeeded',
  subscription: 'active canceled incomplete incomplete_expired past_due paused trialing',
  subscription_item: '',
  subscription_schedule: 'active canceled completed released',
  'test_helpers.test_clock': 'advancing ready',
}

let toured: Toured
let objects: Shaped[]
let answered: Answer[]
beforeAll(async () => {
  toured = await takeTour()
  objects = toured.stripe.store
    .contents()
    .filter(({ kind }) => kind in shapes.kinds)
    .map(({ object }) => object as Shaped)
  answered = toured.answers.filter(({ status }) => status < 400)
})
afterAll(() => toured?.close())

describe('the shapes', () => {
  test('are those of the SDK that is installed, or node scripts/run.mjs scripts/describeStripe.ts was not run', () => {
    expect(shapes.sdk).toBe(Stripe.PACKAGE_VERSION)
  })

  test.each<[string, (subscription: Record<string, unknown>) => void, string]>([
    [
      'a misspelt word',
      (it) => Object.assign(it, { status: 'cancelled' }),
      '/status must be equal to one of',
    ],
    [
      'a member too many',
      (it) => Object.assign(it, { tier: 1 }),
      'must NOT have additional properties: tier',
    ],
    ['a member that is missing', (it) => delete it.items, "must have required property 'items'"],
    [
      'what is expanded',
      (it) => Object.assign(it, { customer: { id: 'cus_1' } }),
      '/customer must be string',
    ],
    ['a broken number', (it) => Object.assign(it, { created: 0.5 }), '/created must be integer'],
    ['another kind', (it) => Object.assign(it, { object: 'subscriptions' }), 'is no kind of object'],
    [
      'a fault in a part',
      (it) => Object.assign(it, { pause_collection: { behavior: 'wait', resumes_at: null } }),
      '/pause_collection/behavior must be equal to one of',
    ],
  ])('tell of %s', (_, spoil, fault) => {
    const spoilt = structuredClone(objects.find(({ object }) => object === 'subscription'))
    spoil(spoilt as Record<string, unknown>)
    expect(findFaults(spoilt as Shaped)).toEqual([expect.stringContaining(fault)])
  })
})

describe('what the stand-in holds and answers', () => {
  test('has been of every kind, and in these states', () => {
    const found = gatherByKind([...objects, ...answered.map(({ body }) => body)])
    const states = [...found].map(([kind, all]) => [
      kind,
      [...new Set(all.map(({ status }) => status ?? ''))].sort().join(' '),
    ])
    expect(Object.fromEntries(states)).toEqual(expectedStates)
    const lines = found.get('line_item') as unknown as Stripe.InvoiceLineItem[]
    expect(lines.some(({ parent }) => parent?.subscription_item_details?.proration)).toBe(true)
    expect(lines.some(({ parent }) => parent?.type === 'invoice_item_details')).toBe(true)
    expect(lines.some(({ discount_amounts }) => discount_amounts?.length)).toBe(true)
    expect(answered.some(({ request }) => request.endsWith('create_preview'))).toBe(true)
  })

  test('is kept as the types of the SDK say', () => {
    expect(first(objects.flatMap(findFaults))).toEqual([])
  })

  test('is answered as the types of the SDK say', () => {
    const faults = answered.flatMap(({ request, body }) =>
      findFaults(body).map((fault) => `${request}: ${fault}`),
    )
    expect(first(faults)).toEqual([])
  })

  test('has what Stripe’s own samples have', () => {
    expect(compareSamples(gatherByKind([...objects, ...answered.map(({ body }) => body)]))).toEqual([])
  })
})

/** The first ones: of what is wrong everywhere, that is enough to read. */
function first(faults: string[]): string[] {
  return [...new Set(faults)].slice(0, 20)
}
