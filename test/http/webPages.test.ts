import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pagePaths } from '../../src/http/webPages.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

const HOSTILE_NAME = '</script><script>alert(1)</script> & $& $1 "Co"'
const web = fileURLToPath(new URL('../../web', import.meta.url))

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({
    PRODUCT_NAME: HOSTILE_NAME,
    LOGO_URL: 'https://images.acme.example/logo.png',
    TURNSTILE_SITE_KEY: 'site-key',
    TURNSTILE_SECRET_KEY: 'secret-key',
  })
})
afterAll(() => t.close())

const open = (path: string) => t.call('GET', path, { headers: { accept: 'text/html' } })

function policyOf({ headers }: Awaited<ReturnType<typeof open>>): Record<string, string[]> {
  const directives = String(headers['content-security-policy']).split('; ')
  return Object.fromEntries(directives.map((line) => line.split(' ')).map(([name, ...rest]) => [name, rest]))
}

describe('the document', () => {
  test.for(pagePaths.filter((path) => !path.includes('*')))('is at %s', async (path, { expect }) => {
    const reply = await open(path)
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    // Who may sign up is said in it, and its nonce is for once.
    expect(reply.headers['cache-control']).toBe('no-store')
  })

  test('is below /operator, whatever follows', async () => {
    expect((await open('/operator/accounts/0198c0de')).status).toBe(200)
  })

  test('is served under a policy that lets files of ours run, styles with its nonce, and nothing else', async () => {
    const [one, other] = [await open('/sign-in'), await open('/sign-in')]
    const policy = policyOf(one)
    expect(policy).toMatchObject({
      'default-src': ["'none'"],
      'script-src': ["'self'", 'https://challenges.cloudflare.com'],
      'frame-src': ['https://challenges.cloudflare.com'],
      'img-src': ["'self'", 'data:', 'https://images.acme.example'],
      'connect-src': ["'self'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'none'"],
      'base-uri': ["'none'"],
    })
    const nonce = policy['style-src']?.[1]?.match(/^'nonce-(.+)'$/)?.[1]
    expect(nonce).toMatch(/^[\w+/]{22}==$/)
    expect(one.text).toContain(`nonce="${nonce}"`)
    expect(policyOf(other)['style-src']).not.toEqual(policy['style-src'])
    expect(one.headers['content-security-policy']).not.toContain('unsafe')
  })

  test('carries what is configured, whatever the product is called', async () => {
    const { text } = await open('/pricing')
    const config = text.match(/<script type="application\/json" id="config">(.*?)<\/script>/s)?.[1]
    expect(JSON.parse(config ?? '')).toEqual((await t.call('GET', '/v1/config')).body)
    expect(JSON.parse(config ?? '').brand.product_name).toBe(HOSTILE_NAME)
    expect(text).not.toContain('<script>alert')
    expect(text).toContain(
      '<title>&lt;/script>&lt;script>alert(1)&lt;/script> &amp; $&amp; $1 &quot;Co&quot;</title>',
    )
    expect(text).not.toMatch(/\{\{\w+\}\}/)
  })

  test('has no script of its own in it, and asks for files of ours that are kept for ever', async () => {
    const { text } = await open('/sign-up')
    const inline = [...text.matchAll(/<script(?![^>]*(src=|application\/json))[^>]*>/g)]
    expect(inline).toEqual([])
    const files = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => String(path))
    expect(files.length).toBeGreaterThan(0)
    for (const path of files) {
      const reply = await t.call('GET', path, { headers: { 'accept-encoding': 'br, gzip' } })
      expect([reply.status, reply.headers['cache-control']]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ])
      expect(reply.headers['content-encoding'], path).toBe('br')
    }
  })

  test('is shown where nothing is too, as 404', async () => {
    const reply = await open('/nowhere')
    expect([reply.status, reply.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
    expect(policyOf(reply)['style-src']?.[1]).toMatch(/^'nonce-/)
  })
})

describe('opening what a mailed link leads to', () => {
  test('uses nothing: programs that look after mail open links', async () => {
    const { email } = await register(t)
    const token = await tokenFor(t, '/verify-email', email)
    for (let times = 0; times < 3; times++)
      expect((await open(`/verify-email?token=${token}`)).status).toBe(200)
    const used = await t.call('POST', '/v1/auth/email/verify', { body: { token } })
    expect([used.status, used.body.email]).toEqual([200, email])
  })
})

test('every page that is served is in web/, and the other way round', async () => {
  const shown: string[] = []
  for await (const file of glob('*/routes.tsx', { cwd: web })) {
    if (file.startsWith('operator')) continue
    const text = await readFile(`${web}/${file}`, 'utf8')
    shown.push(...[...text.matchAll(/page\(\s*parent,\s*'([^']+)'/g)].map(([, path]) => String(path)))
  }
  // Those of operators are all below one path.
  const served = pagePaths.filter((path) => !path.startsWith('/operator'))
  expect(shown.sort()).toEqual([...served].sort())
})

test('the icon is the first letter of the product, on its color', async () => {
  const { headers, text } = await t.call('GET', '/favicon.svg')
  expect(headers['content-type']).toContain('image/svg+xml')
  expect(text).toContain('>&lt;</text>')
})
