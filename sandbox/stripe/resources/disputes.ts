import Type, { type Static } from 'typebox'
import { emptyable, flag, maybe, text } from '../billing/params.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { mergeMetadata, metadataParam } from '../engine/metadata.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import type { World } from '../world.ts'
import { noEvidence } from './createDispute.ts'

type Dispute = Objects['dispute']

const OPEN = ['needs_response', 'under_review', 'warning_needs_response', 'warning_under_review']

const VERDICTS: Record<string, 'won' | 'lost'> = { winning_evidence: 'won', losing_evidence: 'lost' }
const evidenceText = maybe(emptyable(text))
const { enhanced_evidence: _, ...texts } = noEvidence()
const evidenceParams = Object.fromEntries(Object.keys(texts).map((name) => [name, evidenceText]))

function getDispute({ store }: World, id: string): Dispute {
  const dispute = store.get('dispute', id)
  if (!dispute) throw noSuch('dispute', id)
  return dispute
}

const retrieve = operation({
  method: 'GET',
  path: '/v1/disputes/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getDispute(world, id),
})

const list = operation({
  method: 'GET',
  path: '/v1/disputes',
  params: Type.Object({
    ...pageParams,
    charge: maybe(text),
    created: rangeParam,
    payment_intent: maybe(text),
  }),
  handle({ store }, { charge, created, payment_intent, ...page }) {
    const found = store
      .list('dispute')
      .filter((dispute) => charge === undefined || dispute.charge === charge)
      .filter((dispute) => payment_intent === undefined || dispute.payment_intent === payment_intent)
      .filter((dispute) => isWithin(created, dispute.created))
    return listPage(store, found, page)
  },
})

/** To close is to concede: https://docs.stripe.com/api/disputes/close */
const close = operation({
  method: 'POST',
  path: '/v1/disputes/:id/close',
  params: Type.Object({}),
  handle(world, _params, { id }) {
    const held = getDispute(world, id)
    refuseClosed(held)
    return replace(world, 'dispute', held, { ...held, status: 'lost' }, 'charge.dispute.closed')
  },
})

const update = operation({
  method: 'POST',
  path: '/v1/disputes/:id',
  params: Type.Object({
    evidence: maybe(Type.Object(evidenceParams)),
    metadata: metadataParam,
    submit: maybe(flag),
  }),
  handle(world, { evidence, metadata, submit = true }, { id }) {
    const held = getDispute(world, id)
    if (evidence) refuseClosed(held)
    const changed = { ...held, metadata: mergeMetadata(held.metadata, metadata) }
    const answered = evidence ? answer(changed, evidence, submit) : changed
    const updated = replace(world, 'dispute', held, answered, 'charge.dispute.updated')
    return evidence && submit ? judge(world, updated) : updated
  },
})

function refuseClosed({ status }: Dispute): void {
  if (!OPEN.includes(status)) throw new StripeRefusal('This dispute is already closed.')
}

function answer(held: Dispute, given: Static<Type.TObject<typeof evidenceParams>>, submit: boolean): Dispute {
  const { evidence, evidence_details: details } = held
  const texts = Object.entries(given).map(([name, text]) => [name, text || null])
  const submitted = { submission_count: details.submission_count + 1, submission_method: 'manual' } as const
  return {
    ...held,
    evidence: { ...evidence, ...Object.fromEntries(texts) },
    evidence_details: { ...details, has_evidence: true, ...(submit && submitted) },
    ...(submit && { status: 'under_review' }),
  }
}

/** The bank decides by the words that Stripe has for it: https://docs.stripe.com/testing#evidence */
function judge(world: World, held: Dispute): Dispute {
  const status = VERDICTS[held.evidence.uncategorized_text ?? '']
  if (!status) return held
  const closed = replace(world, 'dispute', held, { ...held, status }, 'charge.dispute.closed')
  if (status === 'won') world.emit('charge.dispute.funds_reinstated', 'dispute', closed)
  return closed
}

export const disputeOperations = [retrieve, list, update, close]
