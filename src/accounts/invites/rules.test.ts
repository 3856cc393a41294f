import { describe, expect, test } from 'vitest'
import { type Role, roles } from '../../http/actor.ts'
import {
  countMails,
  decideOffer,
  higherRole,
  judgeRows,
  type LinkedInvite,
  mayInvite,
  type OutInvite,
  statusOf,
  whyVoid,
} from './rules.ts'
import type { Seats } from './seats.ts'

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

const free: Seats = { members: 2, pending: 2, limit: 5 }
const full: Seats = { members: 2, pending: 3, limit: 5 }
const shrunk: Seats = { members: 5, pending: 1, limit: 3 }
const out: OutInvite = { role: 'member', sentAt: sent, inviterRole: 'admin' }
const before = new Date(sent.getTime() - 1)

describe('what becomes of an offer', () => {
  const nobody = { own: 'admin', seats: free, isMember: false, out: null } as const
  test.each<[string, Partial<Parameters<typeof decideOffer>[0]>, Role, Date | null, string]>([
    ['to somebody new', {}, 'member', before, 'invite'],
    ['with a role above the own', {}, 'owner', before, 'role-above-own'],
    ['to a member, also without a seat', { isMember: true, seats: full }, 'member', before, 'already-member'],
    ['to a member whom an invite is out to', { isMember: true, out }, 'member', before, 'already-member'],
    ['without a seat', { seats: full }, 'member', before, 'no-seat'],
    ['on a plan without a limit', { seats: { ...full, limit: null } }, 'member', before, 'invite'],
    ['that is out, asked for once more', { out }, 'member', null, 'renew'],
    ['that is out, and was mailed since', { out }, 'member', before, 'keep'],
    ['that is out, and was mailed long ago', { out }, 'member', sent, 'renew'],
    ['that is out as something else', { out }, 'viewer', before, 'renew'],
    ['that is out, of one who is gone', { out: { ...out, inviterRole: null } }, 'member', before, 'renew'],
    ['that is out, and holds the last seat', { out, seats: full }, 'viewer', before, 'renew'],
    ['that is out, where no seat would be left', { out, seats: shrunk }, 'viewer', before, 'no-seat'],
    ['that was mailed since, where none would be left', { out, seats: shrunk }, 'member', before, 'keep'],
  ])('%s', (_name, rest, role, keepSince, kind) => {
    expect(decideOffer({ ...nobody, ...rest }, role, keepSince).kind).toBe(kind)
  })

  test('says how many seats are taken, and how many there are', () => {
    expect(decideOffer({ ...nobody, seats: full }, 'member', null)).toEqual({
      kind: 'no-seat',
      limit: 5,
      used: 5,
    })
  })
})

test('as many mails as fit are foreseen, renewals beside them', () => {
  const factsOf = (email: string) =>
    ({
      isMember: email === 'member',
      out: email.startsWith('out') ? { ...out, role: email === 'out as viewer' ? 'viewer' : 'member' } : null,
    }) satisfies { isMember: boolean; out: OutInvite | null }
  const mails = (seats: Seats, ...emails: string[]) =>
    countMails(
      { own: 'admin', seats, factsOf },
      emails.map((email) => ({ email, role: 'member' as const })),
      before,
    )
  expect(mails(free, 'new', 'newer', 'out as viewer', 'out', 'member')).toBe(2)
  expect(mails(full, 'new', 'out as viewer')).toBe(1)
  expect(mails({ ...free, limit: null }, 'new', 'newer', 'newest')).toBe(3)
})

describe('rows as they were typed', () => {
  const kinds = (own: Role, ...rows: [email: string | null, role: string | null][]) =>
    judgeRows(
      rows.map(([email, role]) => ({ email, role })),
      own,
    ).map((row) => (row.kind === 'offer' ? row.offer : row.kind))

  test('are no offers without an address, without a role, or with one above the own', () => {
    const rows: [string | null, string | null][] = [
      [null, 'member'],
      [null, null],
      ['a@b.example', null],
      ['a@b.example', 'Admin'],
      ['a@b.example', ''],
      ['a@b.example', 'toString'],
      ['a@b.example', 'owner'],
    ]
    expect(kinds('admin', ...rows)).toEqual(rows.map(() => 'invalid'))
  })

  test('for an address that an earlier offer is for are duplicates; what is invalid takes none away', () => {
    const rows: [string, string][] = [
      ['a@b.example', 'king'],
      ['a@b.example', 'viewer'],
      ['c@b.example', 'viewer'],
      ['a@b.example', 'admin'],
    ]
    expect(kinds('admin', ...rows)).toEqual([
      'invalid',
      { email: 'a@b.example', role: 'viewer' },
      { email: 'c@b.example', role: 'viewer' },
      'duplicate',
    ])
  })
})
