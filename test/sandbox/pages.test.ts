import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/startSandbox.ts'
import { TEMPLATE } from '../support/globalSetup.ts'
import { createScratchDatabase, dropScratchDatabase } from '../support/scratchPostgres.ts'
import { testEnvironment } from '../support/testEnvironment.ts'

const DAY = 24 * 60 * 60
const LOGO_URL = 'https://acme.example/a;b/logo.png?size=64'
const database = `test_${randomUUID().replaceAll('-', '')}`
const folder = mkdtempSync(join(tmpdir(), 'frontgate-pages-'))
let sandbox: Sandbox
let service: string

beforeAll(async () => {
  const DATABASE_URL = await createScratchDatabase(inject('serverUrl'), database, TEMPLATE)
  const ports = { PORT: '0', SANDBOX_PORT: '0', RUNBOOKS_PORT: '' }
  const env = { ...testEnvironment, ...ports, PUBLIC_URL: '', DATABASE_URL, LOGO_URL }
  sandbox = await startSandbox({ env, folder })
  service = sandbox.serviceUrl
})
afterAll(async () => {
  await sandbox?.stop()
  await dropScratchDatabase(inject('serverUrl'), database)
  rmSync(folder, { recursive: true })
})

describe('the first page', () => {
  test('leads to everything', async () => {
    const { links } = await open('/')
    for (const path of ['/sign-up', '/sign-in', '/pricing', '/operator', '/docs']) {
      expect(links).toContain(`${service}${path}`)
    }
    for (const provider of ['google', 'microsoft']) {
      expect(links).toContain(`${service}/v1/auth/oauth/${provider}/start`)
    }
    expect(links).toEqual(expect.arrayContaining(['/mailbox', '/stripe', '#clock']))
  })

  test('moves the clock by what is usual, and to the end of the next trial', async () => {
    const { text } = await open('/')
    expect([...text.matchAll(/data-advance="(\d+)"/g)].map(([, seconds]) => Number(seconds) / DAY)).toEqual([
      1, 7, 14,
    ])
    expect(text).toContain('data-advance-months="1"')
    expect(text).toContain('No trial is running')
    await register('ada@example.com')
    const { text: afterwards } = await open('/')
    const until = Date.parse(afterwards.match(/data-advance-to="([^"]+)"/)?.[1] ?? '')
    const now = Date.parse(afterwards.match(/data-clock="([^"]+)"/)?.[1] ?? '')
    expect((until - now) / 1000 / DAY).toBeGreaterThan(13.9)
    expect((until - now) / 1000 / DAY).toBeLessThanOrEqual(14)
  })

  test('has the form that makes an operator', async () => {
    const { text } = await open('/')
    expect(text).toMatch(/<form data-operator-form>/)
    expect(text).toMatch(/<input id="operator-email" name="email" type="email"/)
  })
})

describe('every page', () => {
  test.for([['/'], ['/mailbox'], ['/mailbox?to=nobody@example.com'], ['/stripe']])(
    '%s runs nothing that it brings along, names itself, and labels what it asks',
    async ([path = ''], { expect }) => {
      const { text, headers } = await open(path)
      const policy = headers.get('content-security-policy')
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';/)
      expect(policy).not.toContain('unsafe')
      expect(text).not.toMatch(/<script(?! src="\/pages\/)|<style|\sstyle="|\son[a-z]+="/)
      expect(text).toMatch(/<html lang="en">/)
      expect(text.match(/<h1/g)).toHaveLength(1)
      for (const [field] of text.matchAll(/<(input|select|textarea)\b[^>]*>/g)) {
        const id = field.match(/\sid="([^"]+)"/)?.[1]
        expect(field.includes('aria-label="') || text.includes(`for="${id}"`), field).toBe(true)
      }
    },
  )

  test('leads to pages of the sandbox that are there', async () => {
    await register('grace@example.com')
    await settled('grace@example.com')
    const seen = new Set(['/'])
    for (const path of seen) {
      const { links } = await open(path)
      for (const link of links) if (/^\/(?!\/)/.test(link)) seen.add(link)
    }
    expect([...seen]).toEqual(
      expect.arrayContaining(['/mailbox', '/stripe', expect.stringMatching(/^\/mailbox\/[\w-]+$/)]),
    )
  })
})

test('a mail in the mailbox shows the logo of the settings, and loads nothing else', async () => {
  await register('alan@example.com')
  await settled('alan@example.com')
  const { links } = await open('/mailbox?to=alan')
  const mail = links.find((link) => link.startsWith('/mailbox/')) ?? ''
  const { headers, text } = await open(`${mail.replace(/\?.*/, '')}/html`)
  expect(text).toContain('https://acme.example/a;b/logo.png?size=64')
  expect(headers.get('content-security-policy')).toContain(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https://acme.example/a%3Bb/logo.png; form-action 'none'",
  )
})

async function open(path: string): Promise<{ text: string; headers: Headers; links: string[] }> {
  const reply = await fetch(new URL(path, sandbox.sandboxUrl))
  expect(reply.status, path).toBe(200)
  const text = await reply.text()
  const links = [...text.matchAll(/<a\b[^>]*\shref="([^"]*)"/g)].map(([, href = '']) =>
    href.replaceAll('&amp;', '&'),
  )
  return { text, headers: reply.headers, links }
}

async function register(email: string): Promise<void> {
  const reply = await fetch(`${service}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: 'seven green teapots sing' }),
  })
  expect(reply.status).toBe(201)
  await reply.body?.cancel()
}

/** Until its mail is in the mailbox. */
async function settled(email: string): Promise<void> {
  const reply = await fetch(`${sandbox.sandboxUrl}/control/mailbox?to=${email}`)
  expect(await reply.json()).toMatchObject({ data: [{ to: email }] })
}
