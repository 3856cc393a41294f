import { hash } from '@node-rs/argon2'
import { describe, expect, test } from 'vitest'
import { makeMetrics } from '../http/metrics.ts'
import { Problem } from '../problems.ts'
import { Passwords } from './passwords.ts'

const cheap = { argon2MemoryKib: 1024, argon2Passes: 1, hashesAtOnce: 2, hashQueue: 100 }
const make = (settings = {}) => new Passwords({ ...cheap, ...settings }, makeMetrics())

describe('hash', () => {
  test('makes argon2id of the settings, salted anew each time', async () => {
    const passwords = make({ argon2MemoryKib: 2048, argon2Passes: 3 })
    const [one, two] = await Promise.all([passwords.hash('secret'), passwords.hash('secret')])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=2048,t=3,p=1\$/)
    expect(one).not.toBe(two)
  })
})

describe('matches', () => {
  test.each([
    ['a plain one', 'correct horse'],
    ['spaces around it', '  correct horse  '],
    ['other alphabets', 'пароль 漢字 🦄'],
    ['a zero byte', 'correct\0horse'],
    ['256 characters of four bytes', '🦄'.repeat(256)],
  ])('is true for the whole password and nothing near it: %s', async (_what, password) => {
    const passwords = make()
    const stored = await passwords.hash(password)
    expect(await passwords.matches(stored, password)).toBe(true)
    for (const near of [password.slice(0, -1), `${password} `, password.toUpperCase(), `${password}\0`]) {
      if (near !== password) expect(await passwords.matches(stored, near)).toBe(false)
    }
  })

  test('looks at bytes beyond the 72nd', async () => {
    const passwords = make()
    const stored = await passwords.hash(`${'a'.repeat(72)}b`)
    expect(await passwords.matches(stored, `${'a'.repeat(72)}c`)).toBe(false)
    expect(await passwords.matches(stored, 'a'.repeat(72))).toBe(false)
  })

  test('is false without a hash, whatever is tried', async () => {
    const passwords = make()
    for (const tried of ['', 'the password of nobody', 'secret']) {
      expect(await passwords.matches(null, tried)).toBe(false)
    }
  })

  test('takes hashes of other parameters, cheaper and dearer', async () => {
    const passwords = make({ argon2MemoryKib: 4096, argon2Passes: 2 })
    for (const parameters of [
      { memoryCost: 1024, timeCost: 1 },
      { memoryCost: 4096, timeCost: 1 },
      { memoryCost: 8192, timeCost: 3 },
      { memoryCost: 2048, timeCost: 2, parallelism: 4 },
    ]) {
      const stored = await hash('secret', { algorithm: 2, ...parameters })
      expect(await passwords.matches(stored, 'secret')).toBe(true)
      expect(await passwords.matches(stored, 'secrets')).toBe(false)
      expect(passwords.isOutdated(stored)).toBe(true)
    }
  })

  test.each([
    [
      'of a size that would exhaust the machine',
      '$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo',
    ],
    ['of passes that would never end', '$argon2id$v=19$m=1024,t=99999999,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo'],
    ['of rounds that would never end', '$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'],
    ['of another kind', '$1$O3JMY.Tw$AdLnLjQ/5jXF9.MTp3gHv/'],
    ['that is none', 'garbage'],
    ['that is empty', ''],
  ])('is false for a stored hash %s, without computing it', async (_what, stored) => {
    expect(await make().matches(stored, 'secret')).toBe(false)
  })
})

describe('isOutdated', () => {
  test('is false for a hash of today’s parameters and true for every other one', async () => {
    const passwords = make({ argon2MemoryKib: 1024, argon2Passes: 2 })
    expect(passwords.isOutdated(await passwords.hash('secret'))).toBe(false)
    expect(passwords.isOutdated(await make({ argon2Passes: 1 }).hash('secret'))).toBe(true)
    expect(
      passwords.isOutdated(await make({ argon2MemoryKib: 10_240, argon2Passes: 2 }).hash('secret')),
    ).toBe(true)
  })
})

describe('the queue', () => {
  test('turns away what finds no place in it, and serves all the others', async () => {
    const passwords = make({ hashesAtOnce: 1, hashQueue: 3 })
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => passwords.hash('secret')))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue
      expect(outcome.reason).toBeInstanceOf(Problem)
      expect(outcome.reason).toMatchObject({
        code: 'overloaded',
        status: 503,
        headers: { 'retry-after': '2' },
      })
    }
  })

  test('is empty again afterwards, also when computing failed', async () => {
    const passwords = make({ hashesAtOnce: 2, hashQueue: 1, argon2MemoryKib: 1 })
    for (let round = 0; round < 5; round++) {
      const outcomes = await Promise.allSettled([
        passwords.hash('a'),
        passwords.hash('b'),
        passwords.hash('c'),
      ])
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected' })
        expect((outcome as PromiseRejectedResult).reason).not.toBeInstanceOf(Problem)
      }
    }
  })

  test('of length 0 serves as many at once as may run and no more', async () => {
    const passwords = make({ hashesAtOnce: 2, hashQueue: 0 })
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => passwords.hash('secret')))
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
    ])
    expect(await passwords.hash('secret')).toMatch(/^\$argon2id/)
  })

  test('that is full refuses with a hash and without one alike, and recovers', async () => {
    const passwords = make({ hashesAtOnce: 1, hashQueue: 1 })
    const stored = await passwords.hash('secret')
    await passwords.matches(null, 'warm')
    for (const hashOrNone of [stored, null]) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, () => passwords.matches(hashOrNone, 'secret')),
      )
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(4)
    }
    expect(await passwords.matches(stored, 'secret')).toBe(true)
  })
})
