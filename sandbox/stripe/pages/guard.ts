import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Refusal } from '../../refusal.ts'

// The buyer goes on to wherever success_url says, and browsers hold the answer to a form to this list.
const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"
const MOST_BYTES = 16_384

/** Lets the pages of this scope read forms, which only their own pages may post, and run nothing. */
export function guardForms(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: MOST_BYTES },
    (_request, body, done) => done(null, new URLSearchParams(body as string)),
  )
  server.addHook('onRequest', async ({ method, headers }) => {
    if (method === 'GET' || method === 'HEAD' || isOwn(headers)) return
    throw new Refusal(403, 'Not from there', 'Only the page itself may post this form.')
  })
  server.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      // Not no-referrer: browsers would leave the origin out of the page's own posts.
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    })
  })
}

/** Browsers say where a form was posted from; what says nothing is no browser. */
function isOwn(headers: IncomingHttpHeaders): boolean {
  const { host = '', origin, 'sec-fetch-site': site } = headers
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  return origin === undefined || origin === `http://${host}`
}

export type Form = URLSearchParams

/** A field of a form, without spaces around it; '' when it was not sent. */
export function field(form: unknown, name: string): string {
  return form instanceof URLSearchParams ? (form.get(name) ?? '').trim() : ''
}

/** Sends a page. */
export function sendPage(reply: FastifyReply, page: string, status = 200): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page)
}

/** The address as one that a page may link and lead to, or null: anything but http runs or opens something else. */
export function webAddress(given: string | null | undefined): string | null {
  const url = URL.parse(given ?? '')
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : null
}
