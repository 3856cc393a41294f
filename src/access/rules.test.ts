import { describe, expect, test } from 'vitest'
import { catalogue, days, noon } from '../../test/support/someFacts.ts'
import { graceEndOf, readPlainQuery, readRequirement, whyUnknown } from './rules.ts'

describe('graceEndOf', () => {
  test('an unverified user has the days of grace from when they registered', () => {
    const user = { emailVerifiedAt: null, createdAt: noon }
    expect(graceEndOf(user, { verificationGraceDays: 7 })).toEqual(days(7))
    expect(graceEndOf(user, { verificationGraceDays: 0 })).toEqual(noon)
  })
  test('a verified one has none to end', () => {
    expect(graceEndOf({ emailVerifiedAt: noon, createdAt: noon }, { verificationGraceDays: 7 })).toBeNull()
  })
})

describe('readRequirement', () => {
  test('nothing asked for', () => expect(readRequirement([], [])).toEqual({ features: [] }))
  test('a plan and several features', () => {
    expect(readRequirement(['plan:pro'], ['flowpilot', 'scripts'])).toEqual({
      plan: 'pro',
      features: ['flowpilot', 'scripts'],
    })
  })
  test.each([[['plan:pro', 'plan:team']], [['role:owner']], [['plan:']], [['pro']], [['']]])(
    '%j is no requirement',
    (asked) => expect(readRequirement(asked, [])).toBeNull(),
  )
})

describe('readPlainQuery', () => {
  test('what stands in the guides', () => {
    expect(readPlainQuery('')).toEqual({ features: [] })
    expect(readPlainQuery('refuse=403&require=plan:pro&feature=scripts&role=admin')).toEqual({
      role: 'admin',
      plan: 'pro',
      features: ['scripts'],
    })
  })
  test.each([
    'role=king',
    'role=admin&role=viewer',
    'refuse=402',
    'refuse=403&refuse=403',
    'role',
    'feature=plan:pro',
    'require=plan:pro&',
    'path=/',
  ])('%s is left to the router', (query) => expect(readPlainQuery(query)).toBeNull())
})

describe('whyUnknown', () => {
  test('everything is known', () => {
    expect(whyUnknown({ plan: 'internal', features: ['retired'] }, catalogue)).toBeNull()
    expect(whyUnknown({ features: [] }, catalogue)).toBeNull()
  })
  test('a plan or a feature that the catalogue lacks is pointed at', () => {
    expect(whyUnknown({ plan: 'platinum', features: [] }, catalogue)?.pointer).toBe('#/query/require')
    expect(whyUnknown({ features: ['scripts', 'constructor'] }, catalogue)).toEqual({
      pointer: '#/query/feature',
      detail: 'There is no feature constructor.',
    })
  })
})
