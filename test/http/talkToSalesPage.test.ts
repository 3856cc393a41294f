import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { startReplica } from '../support/replica.ts'
import { startTestAppWith, type TestReply } from '../support/testApp.ts'

const CLOUDFLARE = 'https://challenges.cloudflare.com'

function read({ text, headers }: TestReply) {
  const script = /<script>([\s\S]*)<\/script>/.exec(text)?.[1] ?? ''
  const hash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`
  const policy = String(headers['content-security-policy'])
  const directive = (name: string) => policy.split('; ').find((part) => part.startsWith(`${name} `))
  return { script, hash, directive }
}

describe('/talk-to-sales', () => {
  test('is a form that runs only its own script, with a trap that people do not meet', async () => {
    const t = await startTestAppWith({}, { work: false })
    const reply = await t.call('GET', '/talk-to-sales')
    expect(reply.status).toBe(200)
    const { script, hash, directive } = read(reply)
    expect(directive('script-src')).toBe(`script-src ${hash}`)
    expect(directive('frame-src')).toBeUndefined()
    expect(() => new Function(script)).not.toThrow()
    expect(reply.text).not.toContain('turnstile/v0')
    expect(reply.text).not.toContain('style=')
    for (const field of ['name', 'company', 'email', 'message'])
      expect(reply.text).toContain(`name="${field}"`)
    expect(reply.text).toMatch(
      /<div class="away" aria-hidden="true"><label>Website<input name="website" tabindex="-1" autocomplete="off">/,
    )
    expect(/<style>([\s\S]*)<\/style>/.exec(reply.text)?.[1]).toContain('.away {')
  })

  test('has Cloudflare’s widget where there is one, and lets nothing else in', async () => {
    const t = await startTestAppWith({}, { work: false })
    const { get } = await startReplica(t, { TURNSTILE_SITE_KEY: '0x"site', TURNSTILE_SECRET_KEY: 'secret' })
    const reply = await get('/talk-to-sales')
    const { hash, directive } = read(reply)
    expect(directive('script-src')).toBe(`script-src ${hash} ${CLOUDFLARE}`)
    expect(directive('frame-src')).toBe(`frame-src ${CLOUDFLARE}`)
    expect(reply.text).toContain('class="cf-turnstile" data-sitekey="0x&quot;site"')
    expect(reply.text).toContain(`<script src="${CLOUDFLARE}/turnstile/v0/api.js" async defer>`)
    const signIn = await get('/sign-in')
    expect(String(signIn.headers['content-security-policy'])).not.toContain('cloudflare')
  })
})
