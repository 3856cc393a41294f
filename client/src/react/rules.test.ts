import { expect, test } from 'vitest'
import type { components } from '../api/schema.ts'
import { decideOffer, decideOpening, nextChange } from './rules.ts'
import { sayStanding } from './sayStanding.ts'
import { chooseLanguage } from './words.ts'

type BillingState = components['schemas']['BillingState']
type Plan = components['schemas']['Plan']

const at = new Date('2030-01-10T00:00:00Z')
const later = '2030-01-20T00:00:00.000Z'
const user = { email_verified: true, verification_grace_ends_at: null } as components['schemas']['User']

const priced = { month: 2900, year: 29000, contact_sales: false, features: { radar: true } }
const plans = [
  { plan: 'basic', month: null, year: null, contact_sales: false, features: {} },
  { plan: 'grand', ...priced },
  { plan: 'vast', ...priced },
] as unknown as Plan[]

function state(plan: string, subscription: object = {}, more: object = {}): BillingState {
  return {
    plan,
    reason: 'never-subscribed',
    features: {},
    usage: {},
    actions: { checkout: true, portal: false },
    plan_billing: { plan },
    ...more,
    subscription: { status: 'none', source: null, ...subscription },
  } as unknown as BillingState
}

const opens = (wanted: string, known: BillingState) =>
  decideOpening({ kind: 'plan', plan: wanted }, { user, state: known, plans }, at)

test('plans are ranked as they are listed, whatever they are called', () => {
  expect(opens('grand', state('vast', { source: 'stripe' })).kind).toBe('open')
  expect(opens('grand', state('grand', { source: 'trial' })).kind).toBe('open')
  expect(opens('vast', state('grand', { source: 'stripe' }))).toMatchObject({ reason: 'plan-too-low' })
  expect(opens('grand', state('basic', {}, { reason: 'trial-expired' }))).toMatchObject({
    kind: 'closed',
    reason: 'trial-expired',
    required: { plan: 'grand' },
  })
})

test('a plan that was given and is not for sale is not turned away here', () => {
  expect(opens('grand', state('of-old', { source: 'override' })).kind).toBe('open')
  expect(opens('of-old', state('basic'))).toMatchObject({ kind: 'closed', required: null })
})

test('a feature is open by the state, and names the lowest plan above that has it', () => {
  const asks = (known: BillingState) =>
    decideOpening({ kind: 'feature', feature: 'radar' }, { user, state: known, plans }, at)
  expect(asks(state('basic', {}, { features: { radar: true } })).kind).toBe('open')
  expect(asks(state('basic'))).toMatchObject({ kind: 'closed', required: { plan: 'grand' } })
  expect(asks(state('vast', { source: 'stripe' }))).toMatchObject({ kind: 'closed', required: null })
})

test('an address that was not verified in time closes everything, from that instant on', () => {
  const late = { email_verified: false, verification_grace_ends_at: at.toISOString() } as typeof user
  const facts = { user: late, state: state('grand', { source: 'trial' }), plans }
  expect(decideOpening({ kind: 'plan', plan: 'grand' }, facts, at).kind).toBe('unverified')
  const before = new Date(at.getTime() - 1)
  expect(decideOpening({ kind: 'plan', plan: 'grand' }, facts, before).kind).toBe('open')
})

test('what is offered follows what may be done', () => {
  const config = { self_serve_enabled: true, stripe_enabled: true }
  const grand = plans[1] as Plan
  expect(decideOffer(grand, null, config).kind).toBe('register')
  expect(decideOffer(grand, null, { ...config, self_serve_enabled: false }).kind).toBe('sales')
  expect(decideOffer(grand, state('grand', { source: 'trial' }), config)).toEqual({
    kind: 'checkout',
    isKept: true,
  })
  const subscribed = state('grand', { source: 'stripe' }, { actions: { checkout: false, portal: true } })
  expect(decideOffer(grand, subscribed, config).kind).toBe('portal')
  expect(decideOffer(plans[2] as Plan, subscribed, config).kind).toBe('change')
  const viewer = state('basic', {}, { actions: { checkout: false, portal: false } })
  expect(decideOffer(grand, viewer, config).kind).toBe('nothing')
  expect(decideOffer(grand, state('basic'), { ...config, stripe_enabled: false }).kind).toBe('sales')
})

test('the next change is the first of what time alone brings', () => {
  expect(nextChange(state('basic'), at)).toBeNull()
  const trial = { status: 'trialing', source: 'trial', trial_ends_at: later, trial_days_remaining: 10 }
  expect(nextChange(state('grand', trial), at)?.toISOString()).toBe('2030-01-11T00:00:00.000Z')
  const last = { ...trial, trial_days_remaining: 1 }
  expect(nextChange(state('grand', last), at)?.toISOString()).toBe(later)
  // By this clock it is over, by the service's not yet.
  const over = { ...last, trial_ends_at: '2030-01-09T00:00:00.000Z' }
  expect(nextChange(state('grand', over), at)?.toISOString()).toBe('2030-01-09T00:00:00.000Z')
})

test.each([
  [
    { status: 'trialing', trial_ends_at: later, trial_days_remaining: 10 },
    'Trial, 10 days left. It ends on January 20, 2030.',
  ],
  [{ status: 'trial_expired', trial_ends_at: later }, 'Your trial ended on January 20, 2030.'],
  [{ status: 'active', current_period_end: later }, 'Renews on January 20, 2030.'],
  [{ status: 'active', ends_at: later, current_period_end: later }, 'Canceled, ends on January 20, 2030.'],
  [
    { status: 'past_due', grace_ends_at: later },
    'The last payment failed. Your plan stays until January 20, 2030.',
  ],
  [
    { status: 'past_due', grace_ends_at: at.toISOString() },
    'The last payment failed, and the time to settle it is over.',
  ],
  [{ status: 'complimentary' }, 'Complimentary, with our compliments.'],
  [{ status: 'canceled' }, 'The subscription has ended.'],
])('%o reads %s', (subscription, says) => {
  const said = sayStanding(state('grand', subscription), chooseLanguage(['en']), at, String)
  expect(said.map((each) => each.says)).toEqual([says])
})

test('a change that is coming is said beside the renewal', () => {
  const change = { plan: 'basic', interval: 'month', quantity: 1, at: later }
  const known = state('grand', { status: 'active', current_period_end: later, scheduled_change: change })
  const said = sayStanding(known, chooseLanguage(['de']), at, () => 'Basic')
  expect(said.map((each) => each.says)).toContain('Wechselt am 20. Januar 2030 zu Basic.')
})
