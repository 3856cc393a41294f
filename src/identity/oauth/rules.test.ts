import { describe, expect, test } from 'vitest'
import { decideEntry, type EntryFacts, placeToReturn } from './rules.ts'

describe('placeToReturn', () => {
  const config = { publicUrl: 'https://gate.example', productOrigins: ['https://app.example'] }

  test.each([
    ['nothing', undefined, '/account'],
    ['a page', '/billing', '/billing'],
    ['a page with a query', '/billing?tab=seats#top', '/billing?tab=seats#top'],
    ['a page by its whole address', 'https://gate.example/billing', '/billing'],
    ['a place of the product', 'https://app.example/runbooks/7', 'https://app.example/runbooks/7'],
    ['a path with an address in it', '/https://evil.example', '/https://evil.example'],
  ])('%s', (_what, given, place) => {
    expect(placeToReturn(given, config)).toBe(place)
  })

  test.each([
    ['elsewhere', 'https://evil.example/'],
    ['elsewhere, by the scheme at hand', '//evil.example/x'],
    ['elsewhere, with backslashes', '/\\evil.example'],
    ['elsewhere, with a tab', '/\t/evil.example'],
    ['elsewhere, with a line break', '/\n/evil.example'],
    ['a name that begins alike', 'https://app.example.evil.example/'],
    ['a user before the host', 'https://app.example@evil.example/'],
    ['a user at the right host', 'https://user@app.example/'],
    ['another scheme', 'http://app.example/'],
    ['another port', 'https://app.example:8443/'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,x'],
    ['an operation of ours', '/v1/auth/oauth/google/start'],
    ['an operation, by a detour', '/x/../v1/auth/logout'],
    ['an operation, in other letters', '/%761/auth/oauth/google/start?intent=link'],
    ['what cannot be decoded', '/%ff'],
    ['a host behind a dot', '/.//evil.example/x'],
    ['a host behind a detour', '/a/..//evil.example/x'],
    ['a host as a path of ours', 'https://gate.example//evil.example/x'],
    ['a blob of ours', 'blob:https://gate.example/v1/x'],
    ['no address', 'https://'],
  ])('%s is nowhere', (_what, given) => {
    expect(placeToReturn(given, config)).toBeNull()
  })
})

describe('decideEntry', () => {
  const at = new Date('2026-01-01T00:00:00Z')
  const verified = { id: 'v', email: 'ada@company.example', emailVerifiedAt: at }
  const unverified = { id: 'u', email: 'ada@company.example', emailVerifiedAt: null }
  type Facts = EntryFacts<typeof verified | typeof unverified>
  const decide = (facts: Partial<Facts>) =>
    decideEntry<Facts['owner'] & object>({
      owner: null,
      addressed: null,
      email: 'ada@company.example',
      emailVerified: true,
      isTheirBrowser: false,
      ...facts,
    })

  test.each<[string, Partial<Facts>, object]>([
    [
      'an identity that is known',
      { owner: verified },
      { kind: 'known', user: verified, provesMailbox: false },
    ],
    [
      'known, with another address by now',
      { owner: verified, email: 'new@company.example' },
      { kind: 'known', user: verified },
    ],
    [
      'known, while somebody else has its address',
      { owner: verified, addressed: unverified },
      { kind: 'known', user: verified },
    ],
    ['known, and proves the mailbox', { owner: unverified }, { kind: 'known', provesMailbox: true }],
    [
      'known, and proves another mailbox',
      { owner: unverified, email: 'x@company.example' },
      { provesMailbox: false },
    ],
    ['known, and proves nothing', { owner: unverified, emailVerified: false }, { provesMailbox: false }],
    ['verified meets verified', { addressed: verified }, { kind: 'join', user: verified }],
    ['unverified meets verified', { addressed: verified, emailVerified: false }, { kind: 'address-taken' }],
    [
      'unverified meets unverified',
      { addressed: unverified, emailVerified: false },
      { kind: 'address-taken' },
    ],
    [
      'unverified, in the browser of the other',
      { addressed: unverified, emailVerified: false, isTheirBrowser: true },
      { kind: 'address-taken' },
    ],
    ['verified meets a squatter', { addressed: unverified }, { kind: 'create', squatter: unverified }],
    [
      'verified meets themselves',
      { addressed: unverified, isTheirBrowser: true },
      { kind: 'take-over', user: unverified },
    ],
    ['somebody new', {}, { kind: 'create', squatter: null }],
    ['somebody new and unverified', { emailVerified: false }, { kind: 'create', squatter: null }],
    ['somebody new without an address', { email: null }, { kind: 'no-address' }],
  ])('%s', (_what, facts, entry) => {
    expect(decide(facts)).toMatchObject(entry)
  })
})
