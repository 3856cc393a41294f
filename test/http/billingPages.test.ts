import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({ PRODUCT_NAME: 'A & <b>' }, { work: false })
})
afterAll(() => t.close())

test.each(['/billing', '/billing/return?session_id=cs_1'])(
  '%s is a page that runs only its own script',
  async (path) => {
    const reply = await t.call('GET', path)
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toContain('text/html')
    expect(reply.headers['cache-control']).toBe('no-store')
    const script = /<script>([\s\S]*)<\/script>/.exec(reply.text)?.[1] ?? ''
    const hash = createHash('sha256').update(script).digest('base64')
    expect(reply.headers['content-security-policy']).toContain(`script-src 'sha256-${hash}'`)
    expect(reply.text).toContain('A &amp; &lt;b>')
  },
)
