import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { resetFactors } from '../identity/secondFactor/resetFactors.ts'
import { problem } from '../problems.ts'
import { Reason } from './fields.ts'

/** What is done for a user, whatever account they are in. */
export function userRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'resetUserFactors',
      method: 'POST',
      url: '/v1/operator/users/:id/reset-factors',
      access: { operator: 'support' },
      summary:
        'Take the second factor of a user away who has lost it, and has proved otherwise who they are; their sessions end, and they are told',
      params: Fields({ id: Uuid }),
      body: Fields({ reason: Reason }),
      replies: { 204: null },
      refusals: ['not-found'],
    },
    async ({ caller, params, body, at, reply }) => {
      const order = { userId: params.id, reason: body.reason }
      if (!(await inTx(app, (tx) => resetFactors(tx, caller, order, at)))) throw problem('not-found')
      return reply.code(204).send()
    },
  )
}
