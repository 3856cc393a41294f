import { describe, expect, test } from 'vitest'
import type { Claims } from './claims.ts'
import { decide, isInTime, type Requirement, spanAt, standingOfClaims } from './rules.ts'

const NOW = Date.parse('2026-03-01T12:00:00.000Z')
const instant = (ms: number) => new Date(NOW + ms).toISOString()

const ent = {
  plan: 'pro',
  source: 'trial' as const,
  until: instant(1_000),
  reason: null,
  opens: ['free', 'pro'],
  features: ['scripts'],
}
const claims: Claims = {
  sub: 'user',
  sid: 'session',
  account_id: 'account',
  role: 'member',
  email_verified: true,
  verification_grace_ends_at: null,
  ent,
  needs_second_factor: false,
  exp: NOW / 1000 + 600,
}

function outcome(requirement: Requirement, changed: Partial<Claims> = {}, at = NOW) {
  const standing = standingOfClaims({ ...claims, ...changed }, 'token')
  if (!standing) return null
  return decide(standing, spanAt(standing, at), requirement, at)
}

describe('what a token opens', () => {
  const unverified = { email_verified: false, verification_grace_ends_at: instant(0) }
  const table: [string, Requirement, Partial<Claims>, number, object | null][] = [
    ['nothing asked', {}, {}, NOW, { kind: 'passed' }],
    ['nobody in an account', {}, { account_id: null, role: null, ent: null }, NOW, null],
    ['a member who is none any more', {}, { role: null }, NOW, null],
    ['whoever has to prove a second factor first', {}, { needs_second_factor: true }, NOW, null],
    ['its role', { role: 'member' }, {}, NOW, { kind: 'passed' }],
    ['a lower role', { role: 'viewer' }, {}, NOW, { kind: 'passed' }],
    ['a higher role', { role: 'admin' }, {}, NOW, { kind: 'role-too-low', least: 'admin', role: 'member' }],
    ['a verified mailbox', { verifiedEmail: true }, {}, NOW, { kind: 'passed' }],
    ['the last moment of grace', { verifiedEmail: true }, unverified, NOW - 1, { kind: 'passed' }],
    ['the end of grace', { verifiedEmail: true }, unverified, NOW, { kind: 'unverified', graceEndedAt: NOW }],
    ['no mailbox asked after', { role: 'member' }, unverified, NOW, { kind: 'passed' }],
    [
      'a plan asks for the mailbox',
      { plan: 'free' },
      unverified,
      NOW,
      { kind: 'unverified', graceEndedAt: NOW },
    ],
    [
      'so does a feature',
      { features: ['scripts'] },
      unverified,
      NOW,
      { kind: 'unverified', graceEndedAt: NOW },
    ],
    ['its plan', { plan: 'pro' }, {}, NOW, { kind: 'passed' }],
    ['a lower plan', { plan: 'free' }, {}, NOW, { kind: 'passed' }],
    [
      'a higher plan',
      { plan: 'team' },
      {},
      NOW,
      { kind: 'plan-required', reason: 'plan-too-low', required: 'team' },
    ],
    ['the last moment of a trial', { plan: 'pro' }, {}, NOW + 999, { kind: 'passed' }],
    [
      'the end of a trial',
      { plan: 'pro' },
      {},
      NOW + 1_000,
      { kind: 'plan-required', reason: 'trial-expired', required: 'pro' },
    ],
    ['free after it', { plan: 'free' }, {}, NOW + 1_000, { kind: 'passed' }],
    [
      'the end of what was paid',
      { plan: 'pro' },
      { ent: { ...ent, source: 'stripe' } },
      NOW + 1_000,
      { kind: 'plan-required', reason: 'canceled', required: 'pro' },
    ],
    [
      'the end of a gift',
      { plan: 'pro' },
      { ent: { ...ent, source: 'complimentary' } },
      NOW + 1_000,
      { kind: 'plan-required', reason: 'never-subscribed', required: 'pro' },
    ],
    [
      'free for want of a grant',
      { plan: 'pro' },
      { ent: { plan: 'free', source: null, until: null, reason: 'unpaid', opens: ['free'], features: [] } },
      NOW,
      { kind: 'plan-required', reason: 'unpaid', required: 'pro' },
    ],
    ['its feature', { features: ['scripts'] }, {}, NOW, { kind: 'passed' }],
    [
      'another feature',
      { features: ['scripts', 'flowpilot'] },
      {},
      NOW,
      { kind: 'feature-missing', feature: 'flowpilot' },
    ],
    [
      'features of free, of which a token knows nothing',
      { features: ['scripts'] },
      {},
      NOW + 1_000,
      { kind: 'untold' },
    ],
    [
      'a token that was too short for its plans',
      { plan: 'free' },
      { ent: { plan: 'pro', source: 'trial', until: null, reason: null } },
      NOW,
      { kind: 'untold' },
    ],
  ]
  test.each(table)('%s', (_name, requirement, changed, at, expected) => {
    expect(outcome(requirement, changed, at)).toEqual(expected)
  })

  test('of several reasons the one that the service names first', () => {
    const everything: Requirement = { role: 'owner', plan: 'team', features: ['flowpilot'] }
    expect(outcome(everything, unverified)).toMatchObject({ kind: 'role-too-low' })
    const { role: _, ...rest } = everything
    expect(outcome(rest, unverified)).toMatchObject({ kind: 'unverified' })
    expect(outcome(rest)).toMatchObject({ kind: 'plan-required' })
  })
})

test('a token is in time until it expires, and never when it claims to live longer than any does', () => {
  const exp = NOW / 1000
  const skew = 30_000
  expect(isInTime({ exp }, NOW + 29_999, skew)).toBe(true)
  expect(isInTime({ exp }, NOW + 30_000, skew)).toBe(false)
  expect(isInTime({ exp }, NOW, 0)).toBe(false)
  expect(isInTime({ exp }, NOW - 660_000, skew)).toBe(true)
  expect(isInTime({ exp }, NOW - 660_001, skew)).toBe(false)
})
