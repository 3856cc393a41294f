import { describe, expect, test } from 'vitest'
import { readGoogle, readMicrosoft } from './rules.ts'

const everybody = { hostedDomains: [] }

describe('readGoogle', () => {
  const claims = { sub: '10769150350006150715113082367', name: 'Ada Lovelace' }
  const read = (more: object, settings: { hostedDomains: string[] } = everybody) =>
    readGoogle({ ...claims, ...more }, settings)

  test.each([
    ['mail of Google', { email: 'ada@gmail.com', email_verified: true }, true],
    ['in any case', { email: 'Ada@GMail.com', email_verified: true }, true],
    [
      'a domain that Google hosts',
      { email: 'ada@company.example', email_verified: true, hd: 'company.example' },
      true,
    ],
    ['a domain elsewhere, verified once', { email: 'ada@company.example', email_verified: true }, false],
    ['mail of Google, not verified', { email: 'ada@gmail.com', email_verified: false }, false],
    ['mail of Google, nothing said', { email: 'ada@gmail.com' }, false],
    ['verified in words', { email: 'ada@gmail.com', email_verified: 'true' }, false],
    [
      'hosted, not verified',
      { email: 'ada@company.example', email_verified: false, hd: 'company.example' },
      false,
    ],
    ['hosted, in name only', { email: 'ada@company.example', email_verified: true, hd: '' }, false],
    ['a domain that ends alike', { email: 'ada@evilgmail.com', email_verified: true }, false],
    ['a part of the name that looks alike', { email: 'gmail.com@evil.example', email_verified: true }, false],
    ['no address', { email_verified: true, hd: 'company.example' }, false],
  ])('%s', (_what, more, emailVerified) => {
    expect(read(more)).toMatchObject({ kind: 'identity', identity: { emailVerified } })
  })

  test('is known by the subject, and by nothing else', () => {
    expect(read({ email: 'ada@gmail.com', email_verified: true, picture: 'x' })).toEqual({
      kind: 'identity',
      identity: {
        provider: 'google',
        issuer: 'https://accounts.google.com',
        subject: claims.sub,
        email: 'ada@gmail.com',
        emailVerified: true,
        name: 'Ada Lovelace',
      },
    })
  })

  test.each([[undefined], [''], [42], ['s'.repeat(256)]])('a subject of %j names nobody', (sub) => {
    expect(read({ sub }).kind).toBe('unfit')
  })

  test.each([
    ['the domain itself', 'company.example', 'identity'],
    ['the domain, written otherwise', 'Company.Example', 'identity'],
    ['another domain', 'other.example', 'not-allowed'],
    ['a domain below it', 'sub.company.example', 'not-allowed'],
    ['none', undefined, 'not-allowed'],
  ])('limited to one domain: %s', (_what, hd, kind) => {
    const email = { email: 'ada@company.example', email_verified: true }
    expect(read({ ...email, hd }, { hostedDomains: ['company.example'] }).kind).toBe(kind)
  })

  test('a name is one line of readable text', () => {
    const name = (given: unknown) => {
      const reading = read({ name: given })
      return reading.kind === 'identity' ? reading.identity.name : reading
    }
    expect(name('  Ada\r\nBcc: x\u202e ')).toBe('Ada Bcc: x')
    expect(name('')).toBeNull()
    expect(name({ ada: true })).toBeNull()
    expect(name('👩'.repeat(300))).toHaveLength(400)
  })
})

describe('readMicrosoft', () => {
  const WORK = '11111111-2222-4333-8444-555555555555'
  const OTHER = '99999999-2222-4333-8444-555555555555'
  const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad'
  const issuerOf = (tid: string) => `https://login.microsoftonline.com/${tid}/v2.0`
  const ANY_DIRECTORY = issuerOf('{tenantid}')
  const claims = {
    oid: 'aaaaaaaa-0000-4000-8000-00000000000a',
    sub: 'pairwise',
    name: 'Ada',
    email: 'ada@company.example',
  }
  interface Given {
    tid?: unknown
    iss?: string
    keyIssuer?: string | null
    tenant?: string
    allowedTenants?: string[]
    [claim: string]: unknown
  }
  const read = ({
    keyIssuer = ANY_DIRECTORY,
    tenant = 'common',
    allowedTenants = [],
    ...more
  }: Given = {}) => {
    const tid = 'tid' in more ? more.tid : WORK
    return readMicrosoft({ ...claims, tid, iss: issuerOf(String(tid)), ...more }, keyIssuer, {
      tenant,
      allowedTenants,
    })
  }

  test.each([
    [true, true],
    [1, true],
    ['1', true],
    ['true', true],
    [undefined, false],
    [null, false],
    [false, false],
    [0, false],
    ['0', false],
    ['false', false],
    ['', false],
    ['yes', false],
    [2, false],
    [[true], false],
    [{ value: true }, false],
  ])('an address with xms_edov %j is verified: %s', (xms_edov, emailVerified) => {
    expect(read({ xms_edov })).toMatchObject({ kind: 'identity', identity: { emailVerified } })
  })

  test('Google’s word for it means nothing here', () => {
    expect(read({ email_verified: true })).toMatchObject({ identity: { emailVerified: false } })
  })

  test('Microsoft vouches for personal accounts', () => {
    expect(read({ tid: CONSUMERS, keyIssuer: issuerOf(CONSUMERS) })).toMatchObject({
      identity: { issuer: issuerOf(CONSUMERS), emailVerified: true },
    })
  })

  test('is known by directory and person, however they are written', () => {
    const upper = { tid: WORK.toUpperCase(), iss: issuerOf(WORK), oid: claims.oid.toUpperCase() }
    expect(read(upper)).toMatchObject({ identity: { issuer: issuerOf(WORK), subject: claims.oid } })
  })

  test('a sign-in name is an address to ask, never a verified one', () => {
    const guess = { email: undefined, preferred_username: 'ada@company.example', xms_edov: true }
    expect(read(guess)).toMatchObject({ identity: { email: 'ada@company.example', emailVerified: false } })
    expect(read({ email: undefined })).toMatchObject({ identity: { email: null, emailVerified: false } })
  })

  test.each<[string, Given]>([
    ['no directory', { tid: undefined }],
    ['a directory that is no id', { tid: 'common', iss: issuerOf('common') }],
    ['an id with something behind it', { tid: `${WORK}/../x` }],
    ['no person', { oid: undefined }],
    ['a person without a name', { oid: '' }],
    ['a person whose name is too long', { oid: 'o'.repeat(256) }],
    ['the issuer of another directory', { iss: issuerOf(OTHER) }],
    ['an issuer elsewhere', { iss: `https://login.evil.example/${WORK}/v2.0` }],
    ['the issuer of the older version', { iss: `https://sts.windows.net/${WORK}/` }],
    ['signed with the key of personal accounts', { keyIssuer: issuerOf(CONSUMERS) }],
    ['signed with the key of another directory', { keyIssuer: issuerOf(OTHER) }],
    ['signed with a key that is for nobody', { keyIssuer: null }],
  ])('%s: refused', (_what, given) => {
    expect(read(given).kind).toBe('unfit')
  })

  test.each<[string, Given, 'identity' | 'not-allowed']>([
    ['everybody: a work account', { tenant: 'common' }, 'identity'],
    ['organizations: a work account', { tenant: 'organizations' }, 'identity'],
    ['organizations: a personal account', { tenant: 'organizations', tid: CONSUMERS }, 'not-allowed'],
    ['consumers: a personal account', { tenant: 'consumers', tid: CONSUMERS }, 'identity'],
    ['consumers: a work account', { tenant: 'consumers' }, 'not-allowed'],
    ['one directory: its own', { tenant: WORK }, 'identity'],
    ['one directory: its own, whose keys say nothing', { tenant: WORK, keyIssuer: null }, 'identity'],
    ['one directory: another one', { tenant: OTHER }, 'not-allowed'],
    ['listed', { allowedTenants: [OTHER, WORK] }, 'identity'],
    ['not listed', { allowedTenants: [OTHER] }, 'not-allowed'],
  ])('%s: %s', (_what, given, kind) => {
    const keyIssuer = 'keyIssuer' in given ? given.keyIssuer : ANY_DIRECTORY
    expect(read({ ...given, keyIssuer: keyIssuer as string | null }).kind).toBe(kind)
  })
})
