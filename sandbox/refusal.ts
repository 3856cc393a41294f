import type { FastifyError, FastifyInstance } from 'fastify'
import type { Log } from '../src/http/log.ts'

/** A call that is refused, in words for the one who made it. */
export class Refusal extends Error {
  readonly status: number
  readonly title: string
  constructor(status: number, title: string, detail: string) {
    super(detail)
    this.name = 'Refusal'
    this.status = status
    this.title = title
  }
}

/** Answers what goes wrong as `{ title, detail }`; what nobody planned is logged too. */
export function answerRefusals(server: FastifyInstance, log: Log): void {
  server.setErrorHandler((error: Error, request, reply) => {
    const { status, title, message } = error instanceof Refusal ? error : explain(error)
    if (status === 500) log.error({ error, path: request.routeOptions.url }, 'sandbox request failed')
    return reply.code(status).type('application/problem+json').send({ title, detail: message })
  })
  server.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type('application/problem+json')
      .send({ title: 'Nothing here', detail: `The sandbox has no ${request.method} ${request.url}.` }),
  )
}

function explain(error: Error & Partial<FastifyError>): { status: number; title: string; message: string } {
  const { message, statusCode = 500, validation } = error
  if (validation) return { status: 422, title: 'The request does not fit', message: describe(error) }
  if (statusCode < 500) return { status: statusCode, title: 'The request cannot be read', message }
  return { status: 500, title: 'This went wrong', message }
}

function describe({ validation = [], validationContext = 'body' }: Partial<FastifyError>): string {
  const faults = validation.map(({ instancePath, message, params }) => {
    const where = `${validationContext}${instancePath}`
    const { additionalProperty, allowedValues } = params as Record<string, unknown>
    if (additionalProperty !== undefined) return `${where} has no field ${String(additionalProperty)}`
    return `${where} ${message}${Array.isArray(allowedValues) ? ` (${allowedValues.join(', ')})` : ''}`
  })
  return `${faults.join('; ')}.`
}
