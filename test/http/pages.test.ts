import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problems } from '../../src/problems.ts'
import { register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
})
afterAll(() => t.close())

/** The sources that a page asks for, and the policy that it is served under. */
async function readPage(path: string) {
  const reply = await t.call('GET', path)
  const policy = Object.fromEntries(
    String(reply.headers['content-security-policy'])
      .split(';')
      .map((directive) => directive.trim().split(/\s+/))
      .map(([name = '', ...sources]) => [name, sources]),
  )
  const scripts = [...reply.text.matchAll(/<script([^>]*)>([^<]*)/g)].map(
    ([, attributes = '', inline = '']) => ({
      src: attributes.match(/src="([^"]+)"/)?.[1],
      inline: inline.trim(),
    }),
  )
  return { reply, policy, scripts }
}

describe('/docs', () => {
  test('is a page whose scripts its policy lets run, and no inline ones', async () => {
    const { reply, policy, scripts } = await readPage('/docs/')
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toContain('text/html')
    expect(policy['script-src']).toContain("'self'")
    expect(policy['script-src']).not.toContain("'unsafe-inline'")
    expect(scripts.length).toBeGreaterThan(0)
    for (const { src, inline } of scripts) {
      expect(inline).toBe('')
      const script = await t.call('GET', new URL(String(src), 'http://x/docs/').pathname)
      expect([script.status, script.headers['content-type']]).toEqual([
        200,
        expect.stringContaining('javascript'),
      ])
    }
  })

  test('shows the contract', async () => {
    const contract = await t.call('GET', '/docs/json')
    expect(contract.body.info.title).toBe('Frontgate')
  })

  test('answers a file that is not there with a problem', async () => {
    const reply = await t.call('GET', '/docs/static/nothing.js')
    expect([reply.status, reply.body?.code]).toEqual([404, 'not-found'])
  })
})

describe('/openapi.json', () => {
  test('is the contract, of operations with one id each', async () => {
    const { status, body } = await t.call('GET', '/openapi.json')
    expect(status).toBe(200)
    expect(body.openapi).toBe('3.1.0')
    const operations = Object.values<Record<string, { operationId: string }>>(body.paths).flatMap(
      Object.values,
    )
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toContain('register')
  })
})

describe('/problems', () => {
  test.for(Object.entries(problems))('%s is explained', async ([code, { title, status }], { expect }) => {
    const { reply, policy, scripts } = await readPage(`/problems/${code}`)
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(reply.text).toContain(`<h1>${title.replaceAll('<', '&lt;')}</h1>`)
    expect(reply.text).toContain(`<code>${status} ${code}</code>`)
    expect(policy['default-src']).toEqual(["'none'"])
    expect(scripts).toEqual([])
  })

  test.for(['nonsense', '__proto__', 'constructor', 'toString', '%3Cscript%3E'])(
    '%s is not',
    async (code, { expect }) => {
      const reply = await t.call('GET', `/problems/${code}`)
      expect([reply.status, reply.body.code]).toEqual([404, 'not-found'])
      expect(reply.text).not.toContain('<script')
    },
  )
})

describe('/metrics', () => {
  test('counts requests by operation and status, and names nobody', async () => {
    const { email } = await register(t)
    await t.call('GET', '/v1/nowhere')
    const { headers, text } = await t.call('GET', '/metrics')
    expect(headers['content-type']).toContain('text/plain')
    expect(text).toMatch(/frontgate_request_seconds_count\{operation="register",status="201"\} 1/)
    expect(text).toMatch(/frontgate_request_seconds_count\{operation="none",status="404"\} [1-9]/)
    expect(text).toContain('process_cpu_seconds_total')
    expect(text).not.toContain(email)
    expect(text).not.toContain('nowhere')
  })

  test('says how long webhooks wait also where no process of its own works', async () => {
    const { text } = await t.call('GET', '/metrics')
    expect(text).toMatch(/^frontgate_webhook_oldest_waiting_seconds 0$/m)
  })
})
