import { describe, expect, test } from 'vitest'
import { hasFailedTooLong, hasPlace, type Known, newsOf, nextChangeOf, waitAfter, whyNoUrl } from './rules.ts'

const at = new Date('2026-03-01T12:00:00Z')
const later = (seconds: number) => new Date(at.getTime() + seconds * 1000)
const known: Known = {
  name: 'Engines',
  createdAt: at,
  closedAt: null,
  members: { ada: 'owner', bob: 'member' },
  entitlements: {
    plan: 'pro',
    reason: 'trial',
    source: 'trial',
    status: 'trialing',
    until: null,
    features: {},
    limits: {},
  },
}
const typesOf = (told: Known | null, now: Known) => newsOf(told, now).map(({ type }) => type)

describe('news', () => {
  test.each<[string, Known | null, Known, string[]]>([
    [
      'of a new account',
      null,
      known,
      ['account.created', 'member.added', 'member.added', 'entitlements.changed'],
    ],
    ['of nothing', known, known, []],
    ['of a name', known, { ...known, name: 'Machines' }, ['account.updated']],
    ['of a closing', known, { ...known, closedAt: at }, ['account.closed']],
    ['of a reopening', { ...known, closedAt: at }, known, ['account.reopened']],
    [
      'of one that was reopened and closed again unseen',
      { ...known, closedAt: at },
      { ...known, closedAt: later(60) },
      ['account.reopened', 'account.closed'],
    ],
    [
      'of an account that is new and closed already',
      null,
      { ...known, members: {}, closedAt: at },
      ['account.created', 'account.closed', 'entitlements.changed'],
    ],
    ['of somebody who left', known, { ...known, members: { ada: 'owner' } }, ['member.removed']],
    ['of a role', known, { ...known, members: { ada: 'owner', bob: 'admin' } }, ['member.role_changed']],
    [
      'of entitlements',
      known,
      { ...known, entitlements: { ...known.entitlements, until: at.toISOString() } },
      ['entitlements.changed'],
    ],
  ])('%s', (_of, told, now, expected) => {
    expect(typesOf(told, now)).toEqual(expected)
  })
})

test('the next change by time alone is the next end or beginning', () => {
  const grant = {
    id: 'g',
    source: 'trial',
    plan: 'pro',
    from: later(-5),
    until: later(60),
    pinnedVersion: null,
    anchor: at,
  } as const
  const nothing = { grants: [], featureOverrides: [], limitOverrides: [] }
  expect(nextChangeOf(nothing, at)).toBeNull()
  expect(nextChangeOf({ ...nothing, grants: [grant] }, at)).toEqual(later(60))
  expect(nextChangeOf({ ...nothing, grants: [grant] }, later(60))).toBeNull()
  expect(nextChangeOf({ ...nothing, grants: [{ ...grant, from: later(9) }] }, at)).toEqual(later(9))
  const override = { name: 'scripts', value: true, until: later(30) }
  expect(nextChangeOf({ ...nothing, grants: [grant], featureOverrides: [override] }, at)).toEqual(later(30))
  const limit = { name: 'trees', amount: 1, until: later(20) }
  expect(nextChangeOf({ ...nothing, featureOverrides: [override], limitOverrides: [limit] }, at)).toEqual(
    later(20),
  )
})

test('waits grow to a day and end after three', () => {
  const waits = Array.from({ length: 9 }, (_none, i) => waitAfter(i + 1, 0) ?? 0)
  expect(waits).toEqual([...waits].sort((a, b) => a - b))
  const days = waits.reduce((sum, wait) => sum + wait, 0) / 86_400
  expect(days).toBeGreaterThan(2.9)
  expect(days).toBeLessThan(3.1)
  expect(waitAfter(10, 0)).toBeNull()
  expect(waitAfter(1, 1)).toBe(6)
  expect(waitAfter(1, 0, 120)).toBe(120)
  expect(waitAfter(2, 0, 120)).toBe(300)
  expect(waitAfter(1, 0, 1e9)).toBe(86_400)
  expect(waitAfter(10, 0, 120)).toBeNull()
})

test.each([
  [4, [true], false, true],
  [4, [true], true, false],
  [4, [false], true, true],
  [4, [false, false], false, false],
  [8, [true], true, true],
  [8, [true, true], true, false],
  [8, [true, true, false], false, true],
  [1, [], true, true],
  [1, [true], false, false],
])(
  'with %i places for jobs, beside endpoints that fail or not %j, one more that does (%j) has a place: %j',
  (concurrency, failing, isFailing, expected) => {
    expect(hasPlace(failing, isFailing, concurrency)).toBe(expected)
  },
)

test('five days without a delivery are too long', () => {
  expect(hasFailedTooLong(at, later(5 * 86_400 - 1))).toBe(false)
  expect(hasFailedTooLong(at, later(5 * 86_400))).toBe(true)
})

test.each([
  ['http://127.0.0.1.evil.example/', false],
  ['http://127.1/', true],
  ['http://app.localhost:3000/', true],
  ['http://2130706433/', true],
  ['http://[::1]/', true],
  ['http://169.254.169.254/latest', false],
  ['https://169.254.169.254/', true],
  ['https://user@product.example/', false],
  ['//product.example', false],
])('%s takes webhooks of a service that serves people: %s', (url, isTaken) => {
  expect(whyNoUrl(url, 'https://service.example') === null).toBe(isTaken)
})
