import type {
  FastifyError,
  FastifyReply,
  FastifyRequest,
  FastifySchemaValidationError as Fault,
} from 'fastify'
import type { App } from '../app.ts'
import { Unavailable } from '../db/unavailable.ts'
import { Problem, problem, problems } from '../problems.ts'
import { noteCode } from './sentCodes.ts'
import { traceOf } from './traceRequests.ts'

const RETRY_AFTER_SECONDS = 5
const MOST_ERRORS = 20

/** The body of RFC 9457 for one refusal. `instance` is the request id, which the log carries too. */
export function problemBody(refusal: Problem, requestId: string): Record<string, unknown> {
  return {
    type: `/problems/${refusal.code}`,
    title: problems[refusal.code].title,
    status: refusal.status,
    code: refusal.code,
    detail: refusal.detail,
    instance: requestId,
    ...refusal.members,
  }
}

/** Answers with a refusal. */
export function sendProblem(reply: FastifyReply, refusal: Problem): FastifyReply {
  noteCode(reply, refusal.code)
  return reply
    .code(refusal.status)
    .headers(refusal.headers)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problemBody(refusal, reply.request.id))
}

/** The only place where errors become replies: what nobody planned is 500 and logged once, with its cause. */
export function makeErrorHandler({ log }: Pick<App, 'log'>) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const refusal = refusalOf(error)
    if (refusal.code === 'internal' || error instanceof Unavailable) {
      const { operationId } = request.routeOptions.config as { operationId?: string }
      const of = { requestId: request.id, operation: operationId ?? 'none', ...traceOf(request) }
      log.error({ ...of, error }, 'request failed')
    }
    void sendProblem(reply, refusal)
  }
}

function refusalOf(error: FastifyError): Problem {
  if (error instanceof Problem) return error
  if (error instanceof Unavailable) {
    const detail = error.mayBeDone
      ? 'A server that this one depends on went away before it said whether this was done.'
      : 'A server that this one depends on does not answer.'
    return problem('overloaded', undefined, { detail, retryAfterSeconds: RETRY_AFTER_SECONDS })
  }
  return fromFastify(error)
}

function fromFastify(error: FastifyError): Problem {
  if (error.validation) return invalid(error)
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problem('payload-too-large')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problem('unsupported-media-type')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return unreadable('The body is not as long as Content-Length says.')
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return unreadable('The body is not JSON.')
  }
  // What else Fastify itself refuses with a status of 4xx.
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500)
    return unreadable('The request cannot be read.')
  return problem('internal')
}

function unreadable(detail: string): Problem {
  return problem('invalid-request', { errors: [{ pointer: '#', detail }] }, { detail })
}

function invalid(error: FastifyError): Problem {
  const where = error.validationContext === 'querystring' ? 'query' : error.validationContext
  const errors = settleChoices(error.validation ?? [])
    .slice(0, MOST_ERRORS)
    .map((fault) => {
      const { missingProperty, additionalProperty, allowedValues } = fault.params as Record<string, unknown>
      const last = missingProperty ?? additionalProperty
      const field = last === undefined ? '' : `/${String(last).replaceAll('~', '~0').replaceAll('/', '~1')}`
      const inBody = where === 'body' || where === undefined
      return {
        pointer: `#${inBody ? '' : `/${where}`}${fault.instancePath}${field}`,
        detail: describeFault(fault.keyword, fault.message, allowedValues),
      }
    })
  return problem('invalid-request', { errors })
}

/**
 * Of what the branches of an anyOf hold against a value, what helps: where one takes its type, what else is wrong with
 * it, else all types in one sentence. Ajv tells of an anyOf right after its branches.
 */
function settleChoices(faults: Fault[]): Fault[] {
  const told: Fault[] = []
  for (const fault of faults) {
    if (fault.keyword !== 'anyOf') told.push(fault)
    else {
      const first = told.findLastIndex((earlier) => !isOfBranch(earlier, fault)) + 1
      for (const settled of settle(fault, told.splice(first))) told.push(settled)
    }
  }
  return told
}

function isOfBranch({ instancePath, schemaPath }: Fault, choice: Fault): boolean {
  const isWithin = `${instancePath}/`.startsWith(`${choice.instancePath}/`)
  return isWithin && schemaPath.startsWith(`${choice.schemaPath}/`)
}

function settle(choice: Fault, branches: Fault[]): Fault[] {
  const isOfType = ({ keyword, instancePath }: Fault) =>
    keyword === 'type' && instancePath === choice.instancePath
  const closer = branches.filter((fault) => !isOfType(fault))
  if (closer.length > 0) return closer
  if (branches.length === 0) return [choice]
  const types = [...new Set(branches.flatMap(({ params }) => params.type as string | string[]))]
  const message = `must be ${types.slice(0, -1).join(', ')} or ${types.at(-1)}`
  return [{ ...choice, keyword: 'type', params: { type: types }, message }]
}

function describeFault(keyword: string, message = 'is not allowed here', allowedValues: unknown): string {
  if (keyword === 'required') return 'is missing'
  if (keyword === 'additionalProperties') return 'is not a field of this operation'
  if (Array.isArray(allowedValues)) return `must be one of ${allowedValues.join(', ')}`
  return message
}
