import { writeFileSync } from 'node:fs'
import Stripe from 'stripe'
import type { Definition } from 'ts-json-schema-generator'
import type { Kind } from '../sandbox/stripe/objects.ts'
import { type Resource, readStripeTypes } from './stripeTypes.ts'

/** What test/sandbox/stripe/shapes/schema.json holds. */
export interface StripeShapes {
  /** The SDK whose types these are. */
  sdk: string
  /** The name of the definition of each kind, and of what is left of a deleted one. */
  kinds: Record<string, string>
  deletedKinds: Record<string, string>
  /** The kind that an event of each type is about. */
  events: Record<string, string>
  definitions: Record<string, Definition>
}

const kinds: Record<Kind, true> = {
  product: true,
  price: true,
  coupon: true,
  promotion_code: true,
  discount: true,
  customer: true,
  payment_method: true,
  subscription: true,
  subscription_schedule: true,
  invoice: true,
  invoiceitem: true,
  invoice_payment: true,
  payment_intent: true,
  setup_intent: true,
  charge: true,
  refund: true,
  dispute: true,
  'checkout.session': true,
  'billing_portal.session': true,
  'billing_portal.configuration': true,
  event: true,
  'test_helpers.test_clock': true,
}

/** What is only found inside of others. */
const parts = ['subscription_item', 'line_item', 'plan', 'item']

const FILE = new URL('../test/sandbox/stripe/shapes/schema.json', import.meta.url)
const REFERENCE = '#/definitions/'

/** JSON Schema of all that the stand-in may answer with, made of nothing but the types of the SDK. */
export function describeStripe(): StripeShapes {
  const { resources, eventWords, describe } = readStripeTypes()
  const described = resources.filter(({ word }) => word in kinds || parts.includes(word))
  const definitions = describe(described)
  // The SDK leaves these empty: what an event is about is checked as what it is.
  definitions['Event.Data.Object'] = { type: 'object' }
  definitions['Event.Data.PreviousAttributes'] = { type: 'object' }
  takeCardsOnly(definitions)
  for (const definition of Object.values(definitions)) countInWholes(definition)
  const nameAll = (found: Resource[]) => Object.fromEntries(found.map(({ word, name }) => [word, name]))
  const events = Object.entries(eventWords).filter(([, word]) => word in kinds)
  return {
    sdk: Stripe.PACKAGE_VERSION,
    kinds: nameAll(described.filter(({ isDeleted }) => !isDeleted)),
    deletedKinds: nameAll(described.filter(({ isDeleted }) => isDeleted)),
    events: Object.fromEntries(events),
    definitions: withinReach(
      definitions,
      described.map(({ name }) => name),
    ),
  }
}

/** Leaves out what belongs to other ways to pay than by card, which are most of the types. */
function takeCardsOnly(definitions: Record<string, Definition>): void {
  const ways = definitions['PaymentMethod.Type']?.enum ?? []
  const others = new Set(ways.filter((way) => way !== 'card'))
  for (const { properties = {}, required = [] } of Object.values(definitions)) {
    for (const [name, property] of Object.entries(properties)) {
      if (!others.has(name) || !JSON.stringify(property).includes(REFERENCE)) continue
      if (required.includes(name)) properties[name] = { type: 'null' }
      else delete properties[name]
    }
  }
}

/** Stripe's numbers are whole, but for shares and rates: amounts are in the currency's smallest unit. */
function countInWholes({ properties = {} }: Definition): void {
  for (const [name, property] of Object.entries(properties)) {
    if (typeof property === 'boolean' || /percent|rate|fraction/.test(name)) continue
    if (property.type === 'number') property.type = 'integer'
    if (Array.isArray(property.type)) {
      property.type = property.type.map((type) => (type === 'number' ? 'integer' : type))
    }
  }
}

/** Those definitions that these names lead to, in the order of their names. */
function withinReach(definitions: Record<string, Definition>, names: string[]): Record<string, Definition> {
  const reached = new Set<string>()
  const follow = (name: string) => {
    if (reached.has(name)) return
    reached.add(name)
    for (const [, next = ''] of JSON.stringify(definitions[name]).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      follow(next)
    }
  }
  names.forEach(follow)
  return Object.fromEntries([...reached].sort().map((name) => [name, definitions[name] ?? {}]))
}

if (import.meta.main) writeFileSync(FILE, `${JSON.stringify(describeStripe())}\n`)
