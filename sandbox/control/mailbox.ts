import type { FastifyInstance } from 'fastify'
import type { RefusalCode } from '../mailbox/mailbox.ts'
import type { Parts } from '../parts.ts'
import { settleDueJobs } from '../settle.ts'

const PATIENCE_MS = 5_000
const address = { type: 'string', minLength: 3, maxLength: 320, pattern: '@' }

/** GET and DELETE /mailbox, and POST /mailbox/refuse, which makes deliveries fail. */
export function mailboxRoutes(server: FastifyInstance, { app, mailbox, stopping }: Parts): void {
  const querystring = { type: 'object', additionalProperties: false, properties: { to: address } }
  // So that who has just registered finds the mail, or has it removed, without guessing how long it takes.
  const receiveDue = () => settleDueJobs(app, AbortSignal.any([AbortSignal.timeout(PATIENCE_MS), stopping]))
  server.get<{ Querystring: { to?: string } }>('/mailbox', { schema: { querystring } }, async (request) => {
    await receiveDue()
    return { data: mailbox.list(request.query.to) }
  })

  server.delete('/mailbox', async (_request, reply) => {
    await receiveDue()
    mailbox.empty()
    return reply.code(204).send()
  })

  const body = {
    type: 'object',
    additionalProperties: false,
    required: ['to', 'code'],
    properties: {
      to: address,
      code: { enum: [550, 451] },
      times: { type: 'integer', minimum: 0, maximum: 1_000_000, default: 1 },
    },
  }
  server.post<{ Body: { to: string; code: RefusalCode; times: number } }>(
    '/mailbox/refuse',
    { schema: { body } },
    async ({ body: { to, code, times } }, reply) => {
      mailbox.refuse(to, code, times)
      return reply.code(204).send()
    },
  )
}
