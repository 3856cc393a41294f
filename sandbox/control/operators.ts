import type { FastifyInstance } from 'fastify'
import type { App } from '../../src/app.ts'
import { inTx } from '../../src/db/transaction.ts'
import { normaliseAddress } from '../../src/mail/addresses.ts'
import { addOperator } from '../../src/operators/addOperator.ts'
import type { Parts } from '../parts.ts'
import { Refusal } from '../refusal.ts'

const system = { actor: { kind: 'system' }, ip: null, userAgent: null, requestId: null } as const

/**
 * POST /operators makes an operator, or finds the one with this address, and answers with a token. POST /operators/link
 * makes one too, and asks the service to mail them the link that opens the operators' pages.
 */
export function operatorRoutes(server: FastifyInstance, { app, tokens, serviceUrl }: Parts): void {
  const body = {
    type: 'object',
    additionalProperties: false,
    required: ['email'],
    properties: { email: { type: 'string', maxLength: 320 } },
  }
  server.post<{ Body: { email: string } }>('/operators', { schema: { body } }, async (request, reply) => {
    const at = app.now()
    const { id, email } = await makeOperator(app, request.body.email, at)
    const access_token = await tokens.issueToOperator(id, at)
    return reply.code(201).send({ id, email, access_token })
  })
  server.post<{ Body: { email: string } }>(
    '/operators/link',
    { schema: { body } },
    async (request, reply) => {
      const { id, email } = await makeOperator(app, request.body.email, app.now())
      await askForLink(serviceUrl, email)
      return reply.code(202).send({ id, email })
    },
  )
}

async function makeOperator(app: App, typed: string, at: Date): Promise<{ id: string; email: string }> {
  const email = normaliseAddress(typed)
  if (!email) throw new Refusal(422, 'The request does not fit', 'body/email is not an address.')
  const { id } = await inTx(app, (tx) =>
    addOperator(tx, system, { email, role: 'admin', reason: 'In the sandbox' }, at),
  )
  return { id, email }
}

async function askForLink(serviceUrl: string, email: string): Promise<void> {
  const answer = await fetch(`${serviceUrl}/v1/operator/auth/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email }),
  })
  if (answer.ok) return answer.body?.cancel()
  const { detail = '' } = (await answer.json().catch(() => ({}))) as { detail?: string }
  throw new Refusal(502, 'No link was mailed', `The service answered ${answer.status}. ${detail}`.trim())
}
