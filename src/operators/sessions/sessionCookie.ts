import type { FastifyReply, FastifyRequest } from 'fastify'
import { cookieName } from '../../access/tokensReply.ts'
import type { Config } from '../../config.ts'
import { problem } from '../../problems.ts'

type Site = Pick<Config, 'publicUrl'>

/** Has the browser keep a session's token, for requests that a page of this site makes. */
export function setSessionCookie(
  reply: FastifyReply,
  config: Site,
  { token, expiresAt }: { token: string; expiresAt: Date },
): void {
  void reply.setCookie(nameIn(config), token, { ...rulesIn(config), expires: expiresAt })
}

/** Takes it away. */
export function clearSessionCookie(reply: FastifyReply, config: Site): void {
  void reply.clearCookie(nameIn(config), rulesIn(config))
}

/** The token of a browser's request. */
export function sessionCookie(request: FastifyRequest, config: Site): string | undefined {
  return request.cookies[nameIn(config)]
}

/**
 * Refuses what a browser sends for a page of another origin. The product's pages are of the same site, so that the cookie
 * goes along with what they send: a hole in the product would else open all accounts. Programs send neither header.
 */
export function refuseOtherPages({ headers }: FastifyRequest, { publicUrl }: Site): void {
  const { origin, 'sec-fetch-site': site } = headers
  const isOther = site === undefined ? origin !== undefined && origin !== publicUrl : site !== 'same-origin'
  if (isOther) {
    throw problem('forbidden', undefined, { detail: 'Only pages of this service itself may ask for this.' })
  }
}

const nameIn = (config: Site) => cookieName(config, 'frontgate_operator')
const rulesIn = ({ publicUrl }: Site) =>
  ({ path: '/', httpOnly: true, secure: publicUrl.startsWith('https:'), sameSite: 'strict' }) as const
