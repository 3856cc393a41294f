import { expect, test } from 'vitest'
import type { Grant } from '../../entitlements/facts.ts'
import { type OnboardingFacts, progressOf } from './rules.ts'

const at = new Date('2026-03-10T12:00:00.000Z')
const grant = (rest: Partial<Grant>): Grant => ({
  id: 'g',
  source: 'trial',
  plan: 'pro',
  from: at,
  until: null,
  pinnedVersion: null,
  anchor: at,
  ...rest,
})
const fresh: OnboardingFacts = {
  isVerified: false,
  isNamed: false,
  hasInvited: false,
  members: 1,
  grants: [grant({})],
  skipped: [],
}
const done = (facts: Partial<OnboardingFacts>) =>
  progressOf({ ...fresh, ...facts }, at).steps.flatMap((step) => (step.done ? [step.step] : []))

test('what is done is read from the facts', () => {
  expect(done({})).toEqual([])
  expect(done({ isVerified: true })).toEqual(['verify_email'])
  expect(done({ isNamed: true })).toEqual(['name_account'])
  for (const facts of [{ hasInvited: true }, { members: 2 }]) expect(done(facts)).toEqual(['invite'])
})

test.each<[Partial<Grant>, boolean]>([
  [{ source: 'trial' }, false],
  [{ source: 'stripe' }, true],
  [{ source: 'complimentary' }, true],
  [{ source: 'override' }, true],
  [{ source: 'override', plan: 'free' }, false],
  [{ source: 'stripe', from: new Date(at.getTime() + 1) }, false],
  [{ source: 'stripe', from: new Date(0), until: at }, false],
  [{ source: 'stripe', from: new Date(0), until: new Date(at.getTime() + 1) }, true],
])('a plan is chosen with %j: %j', (rest, isDone) => {
  expect(done({ grants: [grant({}), grant(rest)] })).toEqual(isDone ? ['choose_plan'] : [])
})

test('next is the first that is neither done nor skipped; with none the account is through', () => {
  const next = (facts: Partial<OnboardingFacts>) => {
    const progress = progressOf({ ...fresh, ...facts }, at)
    return [progress.next, progress.completed]
  }
  expect(next({})).toEqual(['verify_email', false])
  expect(next({ isVerified: true, hasInvited: true })).toEqual(['name_account', false])
  expect(next({ isVerified: true, skipped: ['name_account'] })).toEqual(['invite', false])
  const all = { isVerified: true, isNamed: true, hasInvited: true }
  expect(next({ ...all, skipped: ['choose_plan'] })).toEqual([null, true])
  expect(next({ ...all, isVerified: false, skipped: ['choose_plan'] })).toEqual(['verify_email', false])
})
