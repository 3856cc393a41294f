import type { Server } from '../http/server.ts'

/**
 * Refusals of an operation as `?refuse=403` asks for them: with 401 or 403, which is all that nginx's `auth_request`
 * passes on, and with the status that is meant and the body in headers, from which the proxy makes the real answer.
 */
export function carryRefusals({ fastify }: Server, operation: string): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const { operationId } = request.routeOptions.config as { operationId?: string }
    const { refuse } = request.query as { refuse?: unknown }
    if (operationId === operation && refuse === '403' && reply.statusCode >= 400) {
      reply.headers({
        'x-frontgate-status': reply.statusCode,
        'x-frontgate-problem': asHeader(String(payload)),
      })
      if (reply.statusCode !== 401) reply.code(403)
    }
    done()
  })
}

/** JSON with nothing in it that a header cannot hold. */
function asHeader(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
