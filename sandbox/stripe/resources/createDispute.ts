import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { StripeRefusal } from '../refusal.ts'
import { newId, type World } from '../world.ts'
import { getCharge } from './payments.ts'

type Charge = Objects['charge']
type Dispute = Objects['dispute']

const ANSWER_WITHIN_SECONDS = 7 * 24 * 60 * 60

/** What the holder of a card does at the bank: the money of a charge is demanded back, once. */
export function createDispute(world: World, chargeId: string, reason = 'fraudulent'): Dispute {
  const charge = getCharge(world, chargeId)
  if (charge.status !== 'succeeded' || charge.disputed) {
    throw new StripeRefusal(`Charge ${charge.id} is not paid, or disputed already.`)
  }
  const dispute = world.store.put('dispute', buildDispute(world, charge, reason))
  replace(world, 'charge', charge, { ...charge, disputed: true })
  world.emit('charge.dispute.created', 'dispute', dispute)
  world.emit('charge.dispute.funds_withdrawn', 'dispute', dispute)
  return dispute
}

function buildDispute(world: World, charge: Charge, reason: string): Dispute {
  const created = world.now(charge.customer as string | null)
  const network = charge.payment_method_details?.card?.brand ?? 'visa'
  return {
    id: newId('du'),
    object: 'dispute',
    amount: charge.amount - charge.amount_refunded,
    balance_transactions: [],
    charge: charge.id,
    created,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: noEvidence(),
    evidence_details: {
      due_by: created + ANSWER_WITHIN_SECONDS,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: { brand: network, case_type: 'chargeback', network, network_reason_code: '83' },
      type: 'card',
    },
    reason,
    status: 'needs_response',
  }
}

/** Evidence of which nothing was given yet, with all of its fields. */
export function noEvidence(): Dispute['evidence'] {
  return {
    access_activity_log: null,
    billing_address: null,
    cancellation_policy: null,
    cancellation_policy_disclosure: null,
    cancellation_rebuttal: null,
    customer_communication: null,
    customer_email_address: null,
    customer_name: null,
    customer_purchase_ip: null,
    customer_signature: null,
    duplicate_charge_documentation: null,
    duplicate_charge_explanation: null,
    duplicate_charge_id: null,
    enhanced_evidence: {},
    product_description: null,
    receipt: null,
    refund_policy: null,
    refund_policy_disclosure: null,
    refund_refusal_explanation: null,
    service_date: null,
    service_documentation: null,
    shipping_address: null,
    shipping_carrier: null,
    shipping_date: null,
    shipping_documentation: null,
    shipping_tracking_number: null,
    uncategorized_file: null,
    uncategorized_text: null,
  }
}
