import type { Objects } from '../../objects.ts'
import type { StripeRefusal } from '../../refusal.ts'
import { newId } from '../../world.ts'
import type { PaymentIntent, PaymentMethod } from '../shapes.ts'

type Charge = Objects['charge']

/** The charge of a payment method for an intent: taken, or refused for the reason of `refusal`. */
export function buildCharge(
  intent: PaymentIntent,
  method: PaymentMethod,
  { now, refusal = null }: { now: number; refusal?: StripeRefusal | null },
): Charge {
  return {
    ...unused(),
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: refusal ? 0 : intent.amount,
    amount_refunded: 0,
    balance_transaction: refusal ? null : newId('txn'),
    billing_details: { ...method.billing_details, tax_id: null },
    captured: refusal === null,
    created: now,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_code: refusal?.options.code ?? null,
    failure_message: refusal?.message ?? null,
    livemode: false,
    metadata: {},
    outcome: outcomeOf(refusal),
    paid: refusal === null,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: { type: 'card', card: cardDetails(method, intent.amount) },
    receipt_url: null,
    refunded: false,
    status: refusal ? 'failed' : 'succeeded',
  }
}

function outcomeOf(refusal: StripeRefusal | null): Charge['outcome'] {
  const more = refusal?.options.more as Record<string, string> | undefined
  return {
    advice_code: refusal ? 'try_again_later' : null,
    network_advice_code: null,
    network_decline_code: more?.network_decline_code ?? null,
    network_status: refusal ? 'declined_by_network' : 'approved_by_network',
    reason: more?.decline_code ?? null,
    risk_level: 'normal',
    risk_score: 20,
    seller_message: refusal
      ? 'The bank did not return any further details with this decline.'
      : 'Payment complete.',
    type: refusal ? 'issuer_declined' : 'authorized',
  }
}

type CardDetails = NonNullable<NonNullable<Charge['payment_method_details']>['card']>

function cardDetails({ card }: PaymentMethod, amount: number): CardDetails {
  const brand = card?.brand ?? 'visa'
  return {
    amount_authorized: amount,
    authorization_code: null,
    brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: null },
    country: card?.country ?? null,
    electronic_commerce_indicator: null,
    exp_month: card?.exp_month ?? 12,
    exp_year: card?.exp_year ?? 2040,
    fingerprint: card?.fingerprint ?? null,
    funding: card?.funding ?? null,
    installments: null,
    last4: card?.last4 ?? null,
    mandate: null,
    network: brand,
    network_transaction_id: null,
    regulated_status: 'unregulated',
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  }
}

function unused() {
  return {
    application: null,
    application_fee: null,
    application_fee_amount: null,
    calculated_statement_descriptor: 'SANDBOX',
    failure_balance_transaction: null,
    fraud_details: {},
    on_behalf_of: null,
    receipt_email: null,
    receipt_number: null,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    transfer_data: null,
    transfer_group: null,
  } satisfies Partial<Charge>
}
