import type Stripe from 'stripe'
import type { Wire } from '../objects.ts'
import { StripeRefusal } from '../refusal.ts'
import { newId, type World } from '../world.ts'

export type CardBehaviour =
  | 'good'
  | 'declined'
  | 'insufficient_funds'
  | 'expired_card'
  | 'incorrect_cvc'
  | 'processing_error'
  | 'fails_when_charged'
  | 'requires_authentication'
  /** Until it was paid with, or kept, by somebody who proved who they are. */
  | 'requires_authentication_once'

export interface TestCard {
  number: string
  brand: string
  last4: string
  behaviour: CardBehaviour
  funding: 'credit' | 'debit'
  /** Not among those to choose from on a page, where its number can be typed. */
  isRare: boolean
  /** What stands for it in place of a payment method or a token: `pm_card_visa`, `tok_visa`. */
  tokens: string[]
}

/** The cards that can be paid with, as Stripe has them: https://docs.stripe.com/testing */
export const testCards: TestCard[] = [
  card('4242424242424242', 'visa', 'good', ['visa', 'us']),
  card('5555555555554444', 'mastercard', 'good', ['mastercard']),
  card('4000000000000002', 'visa', 'declined', ['chargeDeclined', 'visa_chargeDeclined']),
  card('4000000000009995', 'visa', 'insufficient_funds', [
    'chargeDeclinedInsufficientFunds',
    'visa_chargeDeclinedInsufficientFunds',
  ]),
  card('4000000000000341', 'visa', 'fails_when_charged', ['chargeCustomerFail', 'visa_chargeCustomerFail']),
  card('4000000000003184', 'visa', 'requires_authentication', [
    'threeDSecure2Required',
    'threeDSecureRequired',
    'authenticationRequired',
  ]),
  rare('4000056655665556', 'visa', 'good', ['visa_debit'], 'debit'),
  rare('378282246310005', 'amex', 'good', ['amex']),
  rare('6011111111111117', 'discover', 'good', ['discover']),
  rare('4000000000000069', 'visa', 'expired_card', ['chargeDeclinedExpiredCard']),
  rare('4000000000000127', 'visa', 'incorrect_cvc', ['chargeDeclinedIncorrectCvc']),
  rare('4000000000000119', 'visa', 'processing_error', ['chargeDeclinedProcessingError']),
  rare('4000002500003155', 'visa', 'requires_authentication_once', ['authenticationRequiredOnSetup']),
]

function card(number: string, brand: string, behaviour: CardBehaviour, names: string[]): TestCard {
  const tokens = names.flatMap((name) => [`pm_card_${name}`, `tok_${name}`])
  return { number, brand, last4: number.slice(-4), behaviour, funding: 'credit', isRare: false, tokens }
}

function rare(
  number: string,
  brand: string,
  behaviour: CardBehaviour,
  names: string[],
  funding: TestCard['funding'] = 'credit',
): TestCard {
  return { ...card(number, brand, behaviour, names), funding, isRare: true }
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

/** Whether a card is declined as soon as it is to be kept. */
export function isDeclinedAtOnce(behaviour: CardBehaviour | undefined): boolean {
  return behaviour !== undefined && Object.hasOwn(DECLINES, behaviour)
}

/** https://docs.stripe.com/testing#declined-payments */
const DECLINES: Partial<Record<CardBehaviour, Decline>> = {
  declined: generic(),
  insufficient_funds: {
    ...generic('Your card has insufficient funds.'),
    decline: 'insufficient_funds',
    network: '51',
  },
  expired_card: {
    ...generic('Your card has expired.'),
    code: 'expired_card',
    decline: 'expired_card',
    network: '54',
  },
  incorrect_cvc: {
    ...generic("Your card's security code is incorrect."),
    code: 'incorrect_cvc',
    decline: 'incorrect_cvc',
    network: 'N7',
  },
  processing_error: {
    ...generic('An error occurred while processing your card. Try again in a little bit.'),
    code: 'processing_error',
    decline: 'processing_error',
    network: '96',
  },
}

interface Decline {
  message: string
  code: string
  decline: string
  network: string
}

function generic(message = 'Your card was declined.'): Decline {
  return { message, code: 'card_declined', decline: 'generic_decline', network: '01' }
}

/** The refusal of a card that does not pay, also for the members of a failed charge. */
export function declineOf(behaviour: CardBehaviour): StripeRefusal {
  const { message, code, decline, network } = DECLINES[behaviour] ?? generic()
  return new StripeRefusal(message, {
    status: 402,
    type: 'card_error',
    code,
    more: { decline_code: decline, advice_code: 'try_again_later', network_decline_code: network },
  })
}

function buildPaymentMethod(
  world: World,
  { brand, last4, funding }: TestCard,
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
      funding,
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
