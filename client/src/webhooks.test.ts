import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readWebhook, WebhookError } from './webhooks.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
const body = JSON.stringify({
  type: 'account.updated',
  timestamp: '2026-03-01T12:00:00.000Z',
  data: {
    account_id: '01900000-0000-7000-8000-000000000000',
    version: 4,
    name: 'Ärger & Söhne',
    old_name: 'x',
  },
})

/** Signed by hand, as any sender would. */
function headersOf(
  secret = SECRET,
  { text = body, secondsAgo = 0, id = 'msg_1' } = {},
): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000) - secondsAgo)
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

describe('an event that was signed', () => {
  test.each<[string, string | Uint8Array]>([
    ['text', body],
    ['bytes', new TextEncoder().encode(body)],
    ['a buffer', Buffer.from(body)],
  ])('is read from %s, with the id of its message', (_from, sent) => {
    expect(readWebhook(sent, headersOf(), SECRET)).toEqual({ ...JSON.parse(body), id: 'msg_1' })
  })

  test('is told apart by its type', () => {
    const event = readWebhook(body, headersOf(), SECRET)
    expect(event.type === 'account.updated' && event.data.name).toBe('Ärger & Söhne')
  })

  test.each<[string, Parameters<typeof readWebhook>[1]]>([
    ['those of a Request', new Headers(headersOf())],
    ['in any case', Object.fromEntries(Object.entries(headersOf()).map(([k, v]) => [k.toUpperCase(), v]))],
    ['lists', Object.fromEntries(Object.entries(headersOf()).map(([k, v]) => [k, [v]]))],
  ])('is read with headers that are %s', (_how, headers) => {
    expect(readWebhook(body, headers, SECRET).id).toBe('msg_1')
  })

  test('fits while the secret is rolled: several here, or several signatures there', () => {
    expect(readWebhook(body, headersOf(OTHER), [SECRET, OTHER]).id).toBe('msg_1')
    const [one, two] = [headersOf(OTHER), headersOf()]
    const both = { ...one, 'webhook-signature': `${one['webhook-signature']} ${two['webhook-signature']}` }
    expect(readWebhook(body, both, SECRET).id).toBe('msg_1')
  })

  test('may be almost five minutes old', () => {
    expect(readWebhook(body, headersOf(SECRET, { secondsAgo: 290 }), SECRET).id).toBe('msg_1')
  })
})

describe('anything else is refused, and says why', () => {
  const without = (name: string) => {
    const { [name]: _gone, ...rest } = headersOf()
    return rest
  }
  test.each<[string, string, Record<string, string>, string | string[], RegExp]>([
    ['another secret', body, headersOf(), OTHER, /signature does not fit/],
    ['several others', body, headersOf(), [OTHER, OTHER], /signature does not fit/],
    ['a changed body', body.replace('4', '5'), headersOf(), SECRET, /signature does not fit/],
    ['another id', body, { ...headersOf(), 'webhook-id': 'msg_2' }, SECRET, /signature does not fit/],
    ['an old one', body, headersOf(SECRET, { secondsAgo: 310 }), SECRET, /more than five minutes ago/],
    ['one from the future', body, headersOf(SECRET, { secondsAgo: -310 }), SECRET, /five minutes from now/],
    ['no id', body, without('webhook-id'), SECRET, /headers .* are missing/],
    ['no signature', body, without('webhook-signature'), SECRET, /headers .* are missing/],
    ['an odd time', body, { ...headersOf(), 'webhook-timestamp': 'x' }, SECRET, /not a number/],
    ['no JSON', 'x', headersOf(SECRET, { text: 'x' }), SECRET, /no event of Frontgate/],
    ['no event', '[]', headersOf(SECRET, { text: '[]' }), SECRET, /no event of Frontgate/],
  ])('%s', (_what, sent, headers, secret, says) => {
    expect(() => readWebhook(sent, headers, secret)).toThrow(WebhookError)
    expect(() => readWebhook(sent, headers, secret)).toThrow(says)
  })

  test('a secret that is missing or none is a fault of the program, not of the request', () => {
    expect(() => readWebhook(body, headersOf(), [])).toThrow(TypeError)
    expect(() => readWebhook(body, headersOf(), '')).toThrow(TypeError)
    expect(() => readWebhook(body, headersOf(), 'whsec_%%%')).toThrow(TypeError)
  })
})
