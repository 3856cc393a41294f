import { hash as hashArgon2 } from '@node-rs/argon2'
import { describe, expect, test } from 'vitest'
import { makeMetrics } from '../../http/metrics.ts'
import { Passwords } from '../passwords.ts'
import { readHash } from './readHash.ts'
import { costOf } from './rules.ts'

const settings = { argon2MemoryKib: 1024, argon2Passes: 1, hashesAtOnce: 2, hashQueue: 100 }
const passwords = new Passwords(settings, makeMetrics())

/** What others have published: the form, where it is from, the password, and what is stored of it. */
const published: [form: string, from: string, password: string, stored: string][] = [
  [
    'argon2i',
    'the reference implementation',
    'password',
    '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
  ],
  [
    'argon2i of the version before, which is not named',
    'the reference implementation',
    'password',
    '$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ',
  ],
  [
    'argon2id',
    'the reference implementation',
    'password',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ],
  ['bcrypt 2a', 'jBCrypt', 'abc', '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
  [
    'bcrypt 2a',
    'jBCrypt',
    '~!@#$%^&*()      ~!@#$%^&*()PNBFRD',
    '$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO',
  ],
  [
    'bcrypt 2y, which PHP calls the same',
    'jBCrypt',
    'abc',
    '$2y$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i',
  ],
  [
    'bcrypt as Django marks it',
    'jBCrypt',
    'abc',
    'bcrypt$$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i',
  ],
  [
    'scrypt',
    'RFC 7914',
    'pleaseletmein',
    '$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw',
  ],
  [
    'scrypt',
    'passlib',
    'password',
    '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E',
  ],
  [
    'scrypt as Django writes it',
    'RFC 7914',
    'pleaseletmein',
    'scrypt$16384$SodiumChloride$8$1$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw==',
  ],
  [
    'scrypt as Werkzeug writes it',
    'RFC 7914',
    'pleaseletmein',
    'scrypt:16384:8:1$SodiumChloride$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
  ],
  [
    'scrypt of Firebase',
    'Firebase',
    'user1password',
    '$firebase-scrypt$ln=14,r=8$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$Bw==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  ],
  [
    'PBKDF2 with SHA-256',
    'passlib',
    'password',
    '$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M',
  ],
  [
    'PBKDF2 with SHA-256',
    'passlib',
    'password',
    '$pbkdf2-sha256$8000$XAuBMIYQQogxRg$tRRlz8hYn63B9LYiCd6PRo6FMiunY9ozmMMI3srxeRE',
  ],
  [
    'PBKDF2 with SHA-256, as a PHC string',
    'RFC 7914',
    'Password',
    '$pbkdf2-sha256$i=80000,l=64$TmFDbA$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ',
  ],
  ['PBKDF2 with SHA-1', 'RFC 6070', 'password', '$pbkdf2$4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE'],
  [
    'PBKDF2 with SHA-256 as Django writes it',
    'Django',
    'lètmein',
    'pbkdf2_sha256$320000$seasalt$Toj2II2rBvFiGQcPmUml1Nlni2UtvyRWwz/jz4q6q/4=',
  ],
  [
    'PBKDF2 with SHA-1 as Django writes it',
    'passlib',
    'not a password',
    'pbkdf2_sha1$10000$wz5B6WkasRoF$atJmJ1o+XfJxKq1+Nu1f1i57Z5I=',
  ],
  [
    'PBKDF2 as Werkzeug writes it',
    'RFC 6070',
    'password',
    'pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1',
  ],
]

describe('a hash from elsewhere', () => {
  test.each(published)(
    'of %s (%s) opens with its password and with no other',
    async (_of, _by, right, stored) => {
      expect(passwords.whyRefused(stored)).toBeNull()
      expect(await passwords.matches(stored, right)).toBe(true)
      for (const wrong of [`${right} `, right.slice(0, -1), right.toUpperCase(), '']) {
        if (wrong !== right) expect(await passwords.matches(stored, wrong)).toBe(false)
      }
      expect(passwords.isOutdated(stored)).toBe(true)
    },
  )

  test('of argon2d opens likewise', async () => {
    const stored = await hashArgon2('password', {
      algorithm: 0,
      memoryCost: 2048,
      timeCost: 2,
      parallelism: 2,
    })
    expect(stored).toMatch(/^\$argon2d\$/)
    expect(passwords.whyRefused(stored)).toBeNull()
    expect(await passwords.matches(stored, 'password')).toBe(true)
    expect(await passwords.matches(stored, 'passwords')).toBe(false)
  })

  const bcrypt53 = 'If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'
  const key = 'cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI'
  test.each([
    `$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$${key}`,
    `$argon2id$v=19$m=262144,t=5,p=1$c29tZXNhbHQ$${key}`,
    `$argon2id$v=19$m=65536,t=2,p=17$c29tZXNhbHQ$${key}`,
    `$argon2id$v=19$m=99999999999999999999,t=1,p=1$c29tZXNhbHQ$${key}`,
    `$2b$15$${bcrypt53}`,
    `$2b$31$${bcrypt53}`,
    `$scrypt$ln=19,r=8,p=1$c2FsdHNhbHQ$${key}`,
    `$scrypt$ln=17,r=8,p=5$c2FsdHNhbHQ$${key}`,
    `$scrypt$ln=4,r=8,p=17$c2FsdHNhbHQ$${key}`,
    `scrypt$1073741824$salt$8$1$${key}`,
    `$scrypt$ln=1,r=1048576,p=2$c2FsdHNhbHQ$${key}`,
    `$pbkdf2-sha256$3000001$c2FsdA$${key}`,
    `$pbkdf2-sha1$1600000$c2FsdA$${key}`,
    `pbkdf2_sha256$999999999999$salt$${key}`,
  ])('that is too dear is refused, and never computed: %s', async (stored) => {
    expect(passwords.whyRefused(stored)).toBe('too-dear')
    expect(await passwords.matches(stored, 'password')).toBe(false)
  })

  test.each([
    '',
    'password',
    '5f4dcc3b5aa765d61d8327deb882cf99',
    '$1$O3JMY.Tw$AdLnLjQ/5jXF9.MTp3gHv/',
    '$6$rounds=5000$usesomesillystri$KqJWpanXZHKq2BOB43TSaYhEWsQ1Lr5QNyPCDH/Tp.6',
    `$2x$06$${bcrypt53}`,
    `$2b$6$${bcrypt53}`,
    `$2b$06$${bcrypt53.slice(1)}`,
    `$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$${key}`,
    `$argon2id$v=19$m=4,t=1,p=1$c29tZXNhbHQ$${key}`,
    `$argon2id$v=18$m=65536,t=1,p=1$c29tZXNhbHQ$${key}`,
    `$argon2id$v=19$m=65536,t=1,p=1,keyid=1$c29tZXNhbHQ$${key}`,
    `$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$${key.slice(0, -1)}J`,
    `$scrypt$ln=0,r=8,p=1$c2FsdA$${key}`,
    `scrypt$16385$salt$8$1$${key}`,
    '$scrypt$ln=14,r=8,p=1$c2FsdA$c2hvcnQ',
    `$pbkdf2-md5$1000$c2FsdA$${key}`,
    `$pbkdf2-sha256$0$c2FsdA$${key}`,
    `$pbkdf2-sha256$1000$c2FsdA$${'A'.repeat(2000)}`,
    `$firebase-scrypt$ln=14,r=8$c2hvcnQ$Bw$c2FsdA$${key}`,
  ])('that is none, or of another form, is refused: %.100s', async (stored) => {
    expect(passwords.whyRefused(stored)).toBe('unknown')
    expect(await passwords.matches(stored, 'password')).toBe(false)
  })

  test('is never dearer than the one that is made today', () => {
    const dear = new Passwords({ ...settings, argon2MemoryKib: 1_000_000, argon2Passes: 3 }, makeMetrics())
    expect(dear.whyRefused(`$argon2id$v=19$m=1000000,t=3,p=1$c29tZXNhbHQ$${key}`)).toBeNull()
    expect(passwords.whyRefused(`$argon2id$v=19$m=1000000,t=3,p=1$c29tZXNhbHQ$${key}`)).toBe('too-dear')
  })

  test('costs as its parameters say, so that a wrong password takes no less time with a cheap one', () => {
    const today = 19_456 * 2
    const cost = (stored: string) => {
      const hash = readHash(stored)
      return hash ? costOf(hash) : null
    }
    expect(cost(`$2b$04$${bcrypt53}`)).toBeLessThan(today)
    expect(cost(`$2b$12$${bcrypt53}`)).toBeGreaterThan(today)
    expect(cost(`$pbkdf2-sha256$1000$c2FsdA$${key}`)).toBeLessThan(today)
    expect(cost(`$pbkdf2-sha256$600000$c2FsdA$${key}`)).toBeGreaterThan(today)
    expect(cost(`$scrypt$ln=10,r=8,p=1$c2FsdA$${key}`)).toBeLessThan(today)
    expect(cost(`$scrypt$ln=17,r=8,p=1$c2FsdA$${key}`)).toBeGreaterThan(today)
  })
})
