import type { FastifyInstance } from 'fastify'
import { inTx } from '../../src/db/transaction.ts'
import { normaliseAddress } from '../../src/mail/addresses.ts'
import { addOperator } from '../../src/operators/addOperator.ts'
import type { Parts } from '../parts.ts'
import { Refusal } from '../refusal.ts'

const system = { actor: { kind: 'system' }, ip: null, userAgent: null, requestId: null } as const

/** POST /operators makes an operator, or finds the one with this address, and answers with a token. */
export function operatorRoutes(server: FastifyInstance, { app, tokens }: Parts): void {
  const body = {
    type: 'object',
    additionalProperties: false,
    required: ['email'],
    properties: { email: { type: 'string', maxLength: 320 } },
  }
  server.post<{ Body: { email: string } }>('/operators', { schema: { body } }, async (request, reply) => {
    const email = normaliseAddress(request.body.email)
    if (!email) throw new Refusal(422, 'The request does not fit', 'body/email is not an address.')
    const at = app.now()
    const { id } = await inTx(app, (tx) => addOperator(tx, system, email, at))
    const access_token = await tokens.issueToOperator(id, at)
    return reply.code(201).send({ id, email, access_token })
  })
}
