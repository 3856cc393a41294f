import { describe, expect, test } from 'vitest'
import { type Role, roles } from '../../http/actor.ts'
import { higherRole, type LinkedInvite, mayInvite, statusOf, whyVoid } from './rules.ts'

const sent = new Date('2026-03-10T12:00:00.000Z')
const ends = new Date('2026-03-17T12:00:00.000Z')
const justBefore = new Date(ends.getTime() - 1)

const invite = (rest: Partial<LinkedInvite> = {}): LinkedInvite => ({
  role: 'member',
  expiresAt: ends,
  acceptedAt: null,
  revokedAt: null,
  isSuperseded: false,
  accountClosedAt: null,
  inviterRole: 'admin',
  ...rest,
})

test('who may invite as what: admins and owners, up to their own role', () => {
  const may = (own: Role | null) => roles.filter((role) => mayInvite(own, role))
  expect(may('owner')).toEqual(['owner', 'admin', 'member', 'viewer'])
  expect(may('admin')).toEqual(['admin', 'member', 'viewer'])
  for (const own of ['member', 'viewer', null] as const) expect(may(own)).toEqual([])
})

test('of two roles the higher', () => {
  expect([higherRole('viewer', 'admin'), higherRole('admin', 'viewer')]).toEqual(['admin', 'admin'])
})

describe('what the link opens', () => {
  test.each<[string, Partial<LinkedInvite>, ReturnType<typeof whyVoid>]>([
    ['good', {}, null],
    ['accepted', { acceptedAt: sent }, 'token-used'],
    ['revoked', { revokedAt: sent }, 'token-canceled'],
    ['of a closed account', { accountClosedAt: sent }, 'token-canceled'],
    ['followed by another', { isSuperseded: true }, 'token-superseded'],
    ['followed by another, and accepted', { isSuperseded: true, acceptedAt: sent }, 'token-used'],
    ['followed by another, and revoked', { isSuperseded: true, revokedAt: sent }, 'token-canceled'],
    ['sent by somebody who is gone', { inviterRole: null }, 'token-canceled'],
    ['sent by somebody who is a member by now', { inviterRole: 'member' }, 'token-canceled'],
    ['for a role above the sender’s by now', { role: 'owner' }, 'token-canceled'],
  ])('%s', (_name, rest, fault) => {
    expect(whyVoid(invite(rest), justBefore)).toBe(fault)
  })

  test('until it expires', () => {
    expect(whyVoid(invite(), ends)).toBe('token-expired')
    expect([statusOf(invite(), justBefore), statusOf(invite(), ends)]).toEqual(['pending', 'expired'])
    for (const at of [justBefore, ends]) {
      expect(statusOf(invite({ acceptedAt: sent }), at)).toBe('accepted')
      expect(statusOf(invite({ revokedAt: sent }), at)).toBe('revoked')
    }
  })
})
