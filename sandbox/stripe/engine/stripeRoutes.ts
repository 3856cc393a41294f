import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Answer, answerRequest, type Engine } from './answerRequest.ts'
import { renderRefusal } from './renderRefusal.ts'

const DEFAULT_DELAY_MS = 1_000

/** Answers Stripe's own paths, `/v1/…` and `/v2/…`, below the prefix of `server`. */
export function stripeRoutes(server: FastifyInstance, engine: Engine): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  server.setErrorHandler((error, _request, reply) => {
    const { status, body } = renderRefusal(error, engine.log)
    return reply.code(status).type('application/json').send(body)
  })
  for (const url of ['/v1/*', '/v2/*']) {
    server.all(url, async (request, reply) => {
      const [path = '', query = ''] = request.url.slice(server.prefix.length).split(/\?(.*)/s)
      const { method, headers } = request
      const body = typeof request.body === 'string' ? request.body : ''
      return send(reply, answerRequest(engine, { method, path, query, body, headers }))
    })
  }
}

async function send(reply: FastifyReply, answer: Answer): Promise<unknown> {
  const { status, headers, body, fault } = answer
  if (fault?.kind === 'timeout-after-commit') return reply.hijack()
  if (fault?.kind === 'truncated') return truncate(reply, answer)
  if (fault?.kind === 'late') {
    await delay(fault.delay_ms ?? DEFAULT_DELAY_MS, undefined, { ref: false })
    answer.release()
  }
  return reply.code(status).headers(headers).type('application/json').send(body)
}

/** Promises the whole body, and hangs up in the middle of it. */
function truncate(reply: FastifyReply, { status, headers, body }: Answer): void {
  reply.hijack()
  const whole = Buffer.from(body)
  const length = String(whole.length)
  reply.raw.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': length })
  reply.raw.write(whole.subarray(0, Math.floor(whole.length / 2)), () => reply.raw.destroy())
}
