import { describe, expect, test } from 'vitest'
import { chooseSafePlace } from '../../web/visitor/placeRules.ts'

const known = {
  own: 'https://accounts.acme.example',
  product: ['https://app.acme.example', 'http://localhost:3000'],
}

describe('where somebody goes on who has come in', () => {
  test.for([
    ['nothing was asked for', null, '/account'],
    ['a page of ours', '/billing?plan=pro#plans', '/billing?plan=pro#plans'],
    ['one with an address of its own in it', '/set-password?token=a%2Fb', '/set-password?token=a%2Fb'],
    ['ours in full', 'https://accounts.acme.example/usage', '/usage'],
    ['the product', 'https://app.acme.example/trees/1?x=y', 'https://app.acme.example/trees/1?x=y'],
    ['the product without a path', 'http://localhost:3000', 'http://localhost:3000/'],
    ['a path that is relative', 'members', '/members'],
    ['the start', '', '/'],
    ['another site', 'https://evil.example/', '/account'],
    ['another site without a scheme', '//evil.example/billing', '/account'],
    ['with a backslash', '/\\evil.example', '/account'],
    ['with two', '\\\\evil.example', '/account'],
    ['with a tab in between', '/\t/evil.example', '/account'],
    ['a path that begins with two slashes', '/.//evil.example', '/account'],
    ['the product at another port', 'http://localhost:3001/', '/account'],
    ['the product by another scheme', 'http://app.acme.example/', '/account'],
    ['below the product', 'https://app.acme.example.evil.example/', '/account'],
    ['with the product as a name', 'https://app.acme.example@evil.example/', '/account'],
    ['the product, as somebody', 'https://eve:x@app.acme.example/', '/account'],
    ['a script', 'javascript:alert(1)', '/account'],
    ['a script in capitals', ' JaVaScRiPt:alert(1)', '/account'],
    ['data', 'data:text/html,<script>alert(1)</script>', '/account'],
    ['a blob of ours', 'blob:https://accounts.acme.example/1', '/account'],
    ['an operation', '/v1/auth/oauth/google/start', '/account'],
    ['an operation in other letters', '/%761/auth/logout', '/account'],
    ['an operation by a way round', '/billing/../v1/me', '/account'],
    ['all operations', '/v1', '/account'],
    ['what cannot be decoded', '/%zz', '/account'],
    ['no address at all', 'http://', '/account'],
  ] as const)('%s', ([, asked, place], { expect }) => {
    expect(chooseSafePlace(asked, known)).toBe(place)
  })

  test('is a place of ours where there is no product', () => {
    expect(chooseSafePlace('https://app.acme.example/', { ...known, product: [] })).toBe('/account')
  })
})
