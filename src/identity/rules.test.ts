import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decideRefresh,
  type EmailChangeFacts,
  isLive,
  judgePassword,
  ROTATION_GRACE_SECONDS,
  whyChangeIsOver,
  whyVoid,
} from './rules.ts'

const SECOND = 1000
const DAY = 86_400 * SECOND
const rotatedAt = new Date('2026-03-01T12:00:00.000Z')
const later = (millis: number) => new Date(rotatedAt.getTime() + millis)

const session = {
  id: '019ca000-0000-7000-8000-000000000000',
  method: 'password',
  factor: null,
  generation: 7,
  rotatedAt,
  signedInAt: later(-10 * DAY),
  idleExpiresAt: later(30 * DAY),
  expiresAt: later(80 * DAY),
  revokedAt: null,
}

describe('decideRefresh', () => {
  test.each([
    ['the current token, at once', 7, 0, 'rotate'],
    ['the current token, weeks later', 7, 29 * DAY, 'rotate'],
    ['the predecessor, at once', 6, 0, 'repeat'],
    ['the predecessor, in the last millisecond', 6, ROTATION_GRACE_SECONDS * SECOND - 1, 'repeat'],
    ['the predecessor, when its time is over', 6, ROTATION_GRACE_SECONDS * SECOND, 'reuse'],
    ['the predecessor, an hour later', 6, 3600 * SECOND, 'reuse'],
    ['the one before it, at once', 5, 0, 'reuse'],
    ['the first one', 1, 0, 'reuse'],
    ['one that is still to come', 8, 0, 'reuse'],
  ])('%s', (_what, generation, millis, kind) => {
    expect(decideRefresh(session, generation, later(millis))).toEqual({ kind })
  })

  test.each([
    ['revoked', { revokedAt: rotatedAt }],
    ['at its absolute end, though used a moment ago', { expiresAt: rotatedAt }],
    ['not used for too long', { idleExpiresAt: rotatedAt }],
  ])('every token of a session that is %s is refused', (_what, facts) => {
    for (const generation of [6, 7, 8]) {
      expect(decideRefresh({ ...session, ...facts }, generation, rotatedAt)).toEqual({ kind: 'ended' })
    }
  })

  test('only the current token and, for a while, its predecessor are ever taken', () => {
    const generations = fc.integer({ min: 1, max: 2 ** 31 - 1 })
    const waits = fc.integer({ min: 0, max: 90 * DAY })
    fc.assert(
      fc.property(generations, generations, waits, (current, presented, millis) => {
        const at = later(millis)
        const { kind } = decideRefresh({ ...session, generation: current }, presented, at)
        const isTaken = kind === 'rotate' || kind === 'repeat'
        const may =
          presented === current || (presented === current - 1 && millis < ROTATION_GRACE_SECONDS * SECOND)
        expect(isTaken).toBe(may && isLive(session, at))
        if (kind === 'repeat') expect(presented).toBe(current - 1)
      }),
    )
  })
})

describe('whyVoid', () => {
  const at = rotatedAt
  test.each([
    ['used', { usedAt: at, supersededAt: null }, 'token-used'],
    ['superseded', { usedAt: null, supersededAt: at }, 'token-superseded'],
    ['only old', { usedAt: null, supersededAt: null }, 'token-expired'],
    ['used, and superseded since', { usedAt: at, supersededAt: at }, 'token-used'],
  ])('a link that is %s', (_what, facts, code) => {
    expect(whyVoid({ ...facts, expiresAt: at })).toBe(code)
  })
})

describe('whyChangeIsOver', () => {
  const at = rotatedAt
  const pending = {
    side: 'new',
    expiresAt: later(1),
    changedAt: null,
    undoUntil: null,
    endedBecause: null,
  } satisfies EmailChangeFacts
  const done = { ...pending, changedAt: at, undoUntil: later(1) }

  test.each<[string, EmailChangeFacts, ReturnType<typeof whyChangeIsOver>]>([
    ['new side, pending', pending, null],
    ['old side, pending', { ...pending, side: 'old' }, null],
    ['new side, too late', { ...pending, expiresAt: at }, 'token-expired'],
    ['new side, done', done, 'token-used'],
    ['new side, done and taken back', { ...done, endedBecause: 'undone' }, 'token-canceled'],
    ['old side, refused', { ...pending, side: 'old', endedBecause: 'refused' }, 'token-canceled'],
    ['old side, of an ended session', { ...pending, endedBecause: 'session-over' }, 'token-canceled'],
    ['new side, asked again', { ...pending, endedBecause: 'superseded' }, 'token-superseded'],
    ['new side, other password', { ...pending, endedBecause: 'new-password' }, 'token-superseded'],
    ['undoing, long after the links expired', { ...done, side: 'undo', expiresAt: later(-DAY) }, null],
    ['undoing, too late', { ...done, side: 'undo', undoUntil: at }, 'token-expired'],
    ['undoing again', { ...done, side: 'undo', endedBecause: 'undone' }, 'token-used'],
    [
      'undoing, where an earlier one was',
      { ...done, side: 'undo', endedBecause: 'superseded' },
      'token-superseded',
    ],
  ])('%s', (_what, facts, code) => {
    expect(whyChangeIsOver(facts, at)).toBe(code)
  })
})

describe('judgePassword', () => {
  const email = 'ada.lovelace@analytical-engines.example'

  test.each([
    ['', 'too-short'],
    ['seven77', 'too-short'],
    ['eight888', null],
    ['a'.repeat(256), null],
    ['a'.repeat(257), 'too-long'],
    ['        ', null],
    ['🦄🦄🦄🦄', 'too-short'],
    ['🦄🦄🦄🦄🦄🦄🦄🦄', null],
    ['🦄'.repeat(256), null],
    ['🦄'.repeat(257), 'too-long'],
    ['пароль с пробелами', null],
    ['correct horse battery staple', null],
    ['ada.lovelace', 'like-address'],
    ['ADA.LOVELACE', 'like-address'],
    ['ada.lovelace1', 'like-address'],
    ['!ada.lovelace!', 'like-address'],
    ['ada.lovelace@analytical-engines.example', 'like-address'],
    ['analytical-engines', 'like-address'],
    ['analytical-engines.example', 'like-address'],
    ['lovelace', 'like-address'],
    ['engines.', 'like-address'],
    ['my grandmother worked at analytical-engines in 1840', null],
    ['lovelace ate seven pancakes', null],
  ])('%j is %s', (password, fault) => {
    expect(judgePassword(password, email, 8)).toBe(fault)
  })

  test('short parts of an address say nothing about a password', () => {
    expect(judgePassword('balsamic', 'al@x.io', 8)).toBeNull()
  })

  test('the least length is in characters, whatever bytes they take', () => {
    const characters = fc.array(fc.constantFrom('a', 'é', '漢', '🦄'), { minLength: 0, maxLength: 300 })
    fc.assert(
      fc.property(characters, fc.integer({ min: 8, max: 64 }), (list, least) => {
        const fault = judgePassword(list.join(''), 'somebody@elsewhere.example', least)
        expect(fault).toBe(list.length < least ? 'too-short' : list.length > 256 ? 'too-long' : null)
      }),
    )
  })

  test('a password that is part of its address is always refused', () => {
    const parts = fc
      .tuple(fc.nat(email.length - 8), fc.integer({ min: 8, max: email.length }))
      .map(([from, length]) => email.slice(from, from + length))
      .filter((part) => part.length >= 8)
    fc.assert(
      fc.property(parts, (part) => {
        expect(judgePassword(part, email, 8)).toBe('like-address')
        expect(judgePassword(part.toUpperCase(), email, 8)).toBe('like-address')
      }),
    )
  })
})
