import type Stripe from 'stripe'
import type { Wire } from '../objects.ts'
import { StripeRefusal } from '../refusal.ts'
import { newId, type World } from '../world.ts'

export type CardBehaviour =
  | 'good'
  | 'declined'
  | 'insufficient_funds'
  | 'fails_when_charged'
  | 'requires_authentication'

export interface TestCard {
  number: string
  brand: string
  last4: string
  behaviour: CardBehaviour
  /** What stands for it in place of a payment method or a token: `pm_card_visa`, `tok_visa`. */
  tokens: string[]
}

/** The cards that can be paid with, as Stripe has them: https://docs.stripe.com/testing */
export const testCards: TestCard[] = [
  card('4242424242424242', 'visa', 'good', ['visa']),
  card('5555555555554444', 'mastercard', 'good', ['mastercard']),
  card('4000000000000002', 'visa', 'declined', ['chargeDeclined', 'visa_chargeDeclined']),
  card('4000000000009995', 'visa', 'insufficient_funds', [
    'chargeDeclinedInsufficientFunds',
    'visa_chargeDeclinedInsufficientFunds',
  ]),
  card('4000000000000341', 'visa', 'fails_when_charged', ['chargeCustomerFail']),
  card('4000000000003184', 'visa', 'requires_authentication', [
    'threeDSecure2Required',
    'threeDSecureRequired',
    'authenticationRequired',
  ]),
]

function card(number: string, brand: string, behaviour: CardBehaviour, names: string[]): TestCard {
  const tokens = names.flatMap((name) => [`pm_card_${name}`, `tok_${name}`])
  return { number, brand, last4: number.slice(-4), behaviour, tokens }
}

/** The card of a number, with or without spaces, of its last four digits, or of a token of Stripe's. */
export function findCard(given: string): TestCard | undefined {
  const digits = given.replaceAll(/[\s-]/g, '')
  if (!/^\d{4}(\d{8,15})?$/.test(digits)) return testCards.find(({ tokens }) => tokens.includes(given))
  const isWhole = digits.length > 4
  // Stripe's own number for 3-D Secure, 4000 0027 6000 3184, differs from ours before the last four only.
  return testCards.find(({ number, last4 }) =>
    isWhole ? number === digits || (last4 === '3184' && digits === '4000002760003184') : last4 === digits,
  )
}

/** Makes a payment method of a card, attached to the customer if there is one, which is an event. */
export function createPaymentMethod(
  world: World,
  number: string,
  customer: string | null,
  details: Partial<Wire<Stripe.PaymentMethod>> = {},
): Wire<Stripe.PaymentMethod> {
  const found = findCard(number)
  if (!found) {
    throw new StripeRefusal('Your card number is incorrect.', {
      status: 402,
      type: 'card_error',
      code: 'incorrect_number',
      param: 'number',
    })
  }
  const method = world.store.put('payment_method', {
    ...buildPaymentMethod(world, found, customer),
    ...details,
  })
  if (customer) world.emit('payment_method.attached', 'payment_method', method)
  return method
}

/** What happens when this payment method is charged. */
export function behaviourOf(method: Wire<Stripe.PaymentMethod>): CardBehaviour {
  const { last4, brand } = method.card ?? {}
  return testCards.find((known) => known.last4 === last4 && known.brand === brand)?.behaviour ?? 'good'
}

/** The refusal of a card that does not pay, also for the members of a failed charge. */
export function declineOf(behaviour: CardBehaviour): StripeRefusal {
  const isFunds = behaviour === 'insufficient_funds'
  const message = isFunds ? 'Your card has insufficient funds.' : 'Your card was declined.'
  return new StripeRefusal(message, {
    status: 402,
    type: 'card_error',
    code: 'card_declined',
    more: {
      decline_code: isFunds ? 'insufficient_funds' : 'generic_decline',
      advice_code: 'try_again_later',
      network_decline_code: isFunds ? '51' : '01',
    },
  })
}

function buildPaymentMethod(
  world: World,
  { brand, last4 }: TestCard,
  customer: string | null,
): Wire<Stripe.PaymentMethod> {
  const now = world.now(customer)
  return {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: noAddress(), email: null, name: null, phone: null, tax_id: null },
    card: {
      brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: brand,
      exp_month: 12,
      // Years ahead, so that a moved clock finds it valid.
      exp_year: new Date(now * 1000).getUTCFullYear() + 10,
      fingerprint: `fingerprint${last4}`,
      funding: 'credit',
      generated_from: null,
      last4,
      networks: { available: [brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: now,
    customer,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  }
}

function noAddress() {
  return { city: null, country: null, line1: null, line2: null, postal_code: null, state: null }
}
