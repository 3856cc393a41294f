import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { startTestAppWith } from '../support/testApp.ts'

test('/accept-invite offers every way in that there is, and runs only its own script', async () => {
  const keys = { GOOGLE_CLIENT_ID: 'id', GOOGLE_CLIENT_SECRET: 'secret' }
  const t = await startTestAppWith(keys, { work: false })
  const reply = await t.call('GET', '/accept-invite?token=x')
  expect(reply.status).toBe(200)
  const script = /<script>([\s\S]*)<\/script>/.exec(reply.text)?.[1] ?? ''
  const hash = createHash('sha256').update(script).digest('base64')
  expect(reply.headers['content-security-policy']).toContain(`script-src 'sha256-${hash}'`)
  expect(() => new Function(script)).not.toThrow()
  expect(reply.text).toContain('href="/v1/auth/oauth/google/start"')
  expect(reply.text).not.toContain('/v1/auth/oauth/microsoft')
})
