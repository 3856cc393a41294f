import { execFile } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { readGuide, snippetsOf, writeSnippets } from '../guides/snippets.ts'
import { operatorToken, register } from '../support/people.ts'
import { productKey } from '../support/productKeys.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
let url: string
beforeAll(async () => {
  const port = await freePort(0)
  url = `http://127.0.0.1:${port}`
  t = await startTestApp({ PUBLIC_URL: url })
  await t.fastify.listen({ host: '127.0.0.1', port })
})
afterAll(() => t.close())

/** Runs lines of Python, which print JSON, beside the snippets of a guide. */
async function python(guide: string, lines: string[], ...given: string[]) {
  const cwd = writeSnippets(guide)
  const env = { ...process.env, FRONTGATE_URL: url, PYTHONPATH: cwd }
  const key = (await productKey(t, ['entitlements:read', 'usage:write'])).key
  // Debian's own, which has PyJWT as a package.
  const { stdout } = await promisify(execFile)(
    '/usr/bin/python3',
    ['-c', ['import json, sys', ...lines].join('\n'), ...given],
    { cwd, env: { ...env, FRONTGATE_KEY: key } },
  )
  return JSON.parse(stdout)
}

test('PyJWT reads a token of the service and refuses others', async () => {
  const person = await register(t)
  const [header, payload, signature] = person.accessToken.split('.')
  const forged = `${header}.${payload}.${'A'.repeat(signature?.length ?? 0)}`
  const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`
  const answers = await python(
    'verify-tokens-by-hand.md',
    [
      'from verify_token import TokenReader, status_for',
      'reader = TokenReader(sys.argv[1])',
      'claims = reader.read(sys.argv[2])',
      'others = [reader.read(token) for token in sys.argv[3:]]',
      'asked = [dict(plan="pro", feature="scripts"), dict(plan="team"), dict(role="owner"), dict()]',
      'print(json.dumps([claims, others, [status_for(claims, **each) for each in asked]]))',
    ],
    url,
    person.accessToken,
    forged,
    none,
    'made-up',
    await operatorToken(t),
  )
  expect(answers).toEqual([decodeJwt(person.accessToken), [null, null, null, null], [200, 402, 200, 200]])
})

test('a product key checks, counts once and gives back', async () => {
  const { accountId } = await register(t)
  const [checked, first, again, tooMuch, released] = await python(
    'other-languages.md',
    [
      'from frontgate import check, consume, release',
      'id = sys.argv[1]',
      'print(json.dumps([check(id, feature="scripts"), consume(id, "kb_conversions", 50, "a"), consume(id, "kb_conversions", 50, "a"),',
      '  consume(id, "kb_conversions", 1, "b"), release(id, "kb_conversions", 50, "a")]))',
    ],
    accountId,
  )
  expect(checked).toMatchObject([200, { allowed: true }])
  expect(first).toMatchObject([200, { used: 50, remaining: 0 }])
  expect(again).toMatchObject([200, { used: 50 }])
  expect(tooMuch).toMatchObject([402, { code: 'limit-reached', upgrade_url: expect.any(String) }])
  expect(released).toMatchObject([200, { used: 0 }])
})

test('a webhook that is signed by the standard is ours, and no other', async () => {
  const key = randomBytes(32)
  const body = '{"type":"account.updated","data":{}}'
  const now = Math.floor(Date.now() / 1000)
  const sign = (time: number, by = key) =>
    `v1,${createHmac('sha256', by).update(`msg_1.${time}.${body}`).digest('base64')}`
  const headers = (time: number, signature: string) =>
    JSON.stringify({
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(time),
      'webhook-signature': signature,
    })
  const answers = await python(
    'other-languages.md',
    [
      'from webhook import is_ours',
      'secret, body, *all = sys.argv[1:]',
      'print(json.dumps([is_ours(json.loads(each), body.encode(), secret) for each in all]))',
    ],
    `whsec_${key.toString('base64')}`,
    body,
    headers(now, sign(now)),
    headers(now, `${sign(now, randomBytes(32))} ${sign(now)}`),
    headers(now, sign(now, randomBytes(32))),
    headers(now, sign(now - 1)),
    headers(now - 301, sign(now - 301)),
  )
  expect(answers).toEqual([true, true, false, false, false])
})

test('what the guide shows of the configurations stands in them', () => {
  const shown = snippetsOf('forward-auth.md')
  expect(Object.keys(shown)).toEqual(['nginx.conf', 'Caddyfile'])
  for (const [name, lines] of Object.entries(shown)) {
    expect(readFileSync(new URL(`../../examples/proxies/${name}`, import.meta.url), 'utf8')).toContain(lines)
  }
  for (const [, path] of readGuide('forward-auth.md').matchAll(/\]\(([^)#]+)\)/g)) {
    expect(() => readFileSync(new URL(`../../docs/guides/${path}`, import.meta.url))).not.toThrow(/ENOENT/)
  }
})
