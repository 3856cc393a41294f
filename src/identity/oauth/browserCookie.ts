import { createHash, randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { cookieName, setCookie } from '../../access/tokensReply.ts'
import type { Config } from '../../config.ts'

const BYTES = 32
const TEXT = /^[\w-]{43}$/

/** The hash of what marks the browser of this request while it is away at a provider; null for one without a mark. */
export function markOf(request: FastifyRequest, config: Config): Buffer | null {
  const mark = request.cookies[nameOf(config)]
  return mark && TEXT.test(mark) ? hash(mark) : null
}

/** Marks the browser until `until`, all its tabs alike, and returns the mark's hash. */
export function markBrowser(reply: FastifyReply, config: Config, until: Date): Buffer {
  const kept = reply.request.cookies[nameOf(config)]
  const mark = kept && TEXT.test(kept) ? kept : randomBytes(BYTES).toString('base64url')
  setCookie(reply, config, nameOf(config), mark, until)
  return hash(mark)
}

const nameOf = (config: Config) => cookieName(config, 'frontgate_oauth')
const hash = (mark: string) => createHash('sha256').update(mark).digest()
