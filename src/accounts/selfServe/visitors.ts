import { createHash, randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { cookieName, setCookie } from '../../access/tokensReply.ts'
import type { App } from '../../app.ts'
import type { Config } from '../../config.ts'
import { findOpenings } from './openings.ts'
import { bucketOf, maySelfServe, tellsVisitorsApart } from './rules.ts'

const BYTES = 16
const MARK = /^[\w-]{22}$/
const YEAR_MS = 365 * 86_400_000

/** Where the browser of a request is among a hundred; null for one that is not marked. */
export function bucketOfVisitor(request: FastifyRequest, config: Config): number | null {
  const mark = request.cookies[nameOf(config)]
  return mark && MARK.test(mark) ? bucketOfMark(mark) : null
}

/** Whether whoever looks may create an account, as far as their browser tells. Marks it where that matters and was not done. */
export async function isOpenFor(app: App, request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  const { config } = app
  const openings = await findOpenings(app.db, config)
  const isApart = tellsVisitorsApart(openings)
  const bucket = bucketOfVisitor(request, config) ?? (isApart ? markVisitor(app, reply) : null)
  return maySelfServe(openings, { email: null, bucket })
}

function markVisitor(app: App, reply: FastifyReply): number {
  const mark = randomBytes(BYTES).toString('base64url')
  const { config } = app
  setCookie(reply, config, nameOf(config), mark, new Date(app.now().getTime() + YEAR_MS))
  return bucketOfMark(mark)
}

const bucketOfMark = (mark: string) => bucketOf(createHash('sha256').update(mark).digest())
const nameOf = (config: Config) => cookieName(config, 'frontgate_visitor')
