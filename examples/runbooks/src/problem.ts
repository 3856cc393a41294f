import type { Refused } from '@frontgate/client/guards'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** What this product itself refuses with. Frontgate's guards have codes of their own, in the same shape. */
const problems = {
  'invalid-request': { status: 422, title: 'The request does not fit' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'tree-not-whole': { status: 422, title: 'The tree is not whole' },
  'version-outdated': { status: 409, title: 'Somebody else has saved it meanwhile' },
  'session-ended': { status: 409, title: 'This session has ended' },
  'step-not-possible': { status: 409, title: 'This step is not possible here' },
  'parameters-missing': { status: 422, title: 'Some parameters have no value' },
  'article-not-convertible': { status: 422, title: 'No steps were found in this article' },
  internal: { status: 500, title: 'Something broke on our side' },
} as const

export type ProblemCode = keyof typeof problems

/** A refusal, thrown anywhere below a handler and rendered in one place. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly members: object

  constructor(code: ProblemCode, detail: string, members: object = {}) {
    super(detail)
    this.name = 'Problem'
    this.code = code
    this.members = members
  }
}

/** Renders every refusal as problem details (RFC 9457), those of the framework too, but for addresses that it cannot read. */
export function answerProblems(server: FastifyInstance): void {
  server.setNotFoundHandler((request, reply) =>
    send(reply, new Problem('not-found', `Nothing is at ${request.method} ${request.url.split('?')[0]}.`)),
  )
  server.setErrorHandler(answerError)
}

/** Renders one; for `frameworkErrors`, where the framework asks nobody else. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Problem) return send(reply, error)
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return send(
      reply,
      new Problem('invalid-request', error.message),
      error.statusCode === 400 ? 422 : error.statusCode,
    )
  }
  request.log.error({ error }, 'a request failed')
  return send(reply, new Problem('internal', 'The cause is in the log.'))
}

/** Answers what a gate has refused. Its guards do so themselves; this is for who asks the gate. */
export function sendRefusal(reply: FastifyReply, { problem, headers }: Refused): FastifyReply {
  return reply.code(problem.status).headers(headers).serializer(JSON.stringify).send(problem)
}

function send(reply: FastifyReply, { code, message, members }: Problem, status?: number): FastifyReply {
  const known = problems[code]
  return (
    reply
      .code(status ?? known.status)
      .header('content-type', 'application/problem+json')
      // A schema of the route's own would leave members out.
      .serializer(JSON.stringify)
      .send({
        type: `urn:runbooks:problem:${code}`,
        title: known.title,
        status: status ?? known.status,
        code,
        detail: message,
        instance: reply.request.id,
        ...members,
      })
  )
}
