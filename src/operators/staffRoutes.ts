import Type from 'typebox'
import type { App } from '../app.ts'
import type { Db } from '../db/database.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { addressOf, Email } from '../identity/fields.ts'
import { type ProblemCode, problem } from '../problems.ts'
import { addOperator } from './addOperator.ts'
import { changeRole } from './changeRole.ts'
import { refuseUnlessRecent } from './factors/recentProof.ts'
import { resetOperatorFactors } from './factors/resetOperatorFactors.ts'
import { Reason } from './fields.ts'
import { getOperator, listOperators } from './listOperators.ts'
import { removeOperator } from './removeOperator.ts'
import { OperatorRoleSchema } from './sessions/routes.ts'

const OWN_FACTORS =
  'Nobody resets their own factors: another admin does, or `frontgate operator reset-factors` on the machine.'

const OperatorSchema = named(
  'Operator',
  Type.Object({
    id: Uuid,
    email: Type.String(),
    role: OperatorRoleSchema,
    created_at: Instant,
    second_factor: Type.Boolean({ description: 'Whether they have one.' }),
    last_signed_in_at: Nullable(
      Type.String({ format: 'date-time', description: 'Null where that is more than a month ago.' }),
    ),
  }),
)

/** Who is an operator is decided by somebody who has just signed in. */
const whenDeciding: ProblemCode[] = ['recent-sign-in-required']

/** Who the operators are. */
export function staffRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'listOperators',
      method: 'GET',
      url: '/v1/operator/operators',
      access: { operator: 'admin' },
      summary: 'Those who are operators, the newest first',
      query: Fields(PageQuery),
      replies: { 200: pageOf(OperatorSchema) },
    },
    async ({ caller, query, at }) => inTx(app, (tx) => listOperators(tx, caller, query, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'addOperator',
      method: 'POST',
      url: '/v1/operator/operators',
      access: { operator: 'admin' },
      summary: 'Make an address an operator; one that is one gets the role',
      body: Fields({ email: Email, role: OperatorRoleSchema, reason: Reason }),
      replies: { 201: OperatorSchema },
      refusals: [...whenDeciding, 'last-admin'],
    },
    async ({ caller, body, at, reply }) => {
      const order = { email: addressOf(body.email), role: body.role, reason: body.reason }
      const added = await inTx(app, async (tx) => {
        await refuseUnlessRecent(tx, caller, at)
        return known(tx, (await addOperator(tx, caller, order, at)).id)
      })
      return reply.code(201).send(added)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'changeOperator',
      method: 'PATCH',
      url: '/v1/operator/operators/:id',
      access: { operator: 'admin' },
      summary: 'Give an operator another role, which counts from their next call on',
      params: Fields({ id: Uuid }),
      body: Fields({ role: OperatorRoleSchema, reason: Reason }),
      replies: { 200: OperatorSchema },
      refusals: [...whenDeciding, 'not-found', 'last-admin'],
    },
    async ({ caller, params: { id }, body, at }) =>
      inTx(app, async (tx) => {
        await refuseUnlessRecent(tx, caller, at)
        await changeRole(tx, caller, { id, ...body }, at)
        return known(tx, id)
      }),
  )

  route(
    server,
    app,
    {
      operationId: 'removeOperator',
      method: 'DELETE',
      url: '/v1/operator/operators/:id',
      access: { operator: 'admin' },
      summary: 'Make an operator a stranger: their sessions end, and their tokens are refused',
      params: Fields({ id: Uuid }),
      body: Fields({ reason: Reason }),
      replies: { 204: null },
      refusals: [...whenDeciding, 'not-found', 'last-admin'],
    },
    async ({ caller, params: { id }, body, at, reply }) => {
      await inTx(app, async (tx) => {
        await refuseUnlessRecent(tx, caller, at)
        await removeOperator(tx, caller, { id, ...body }, at)
      })
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'resetOperatorFactors',
      method: 'POST',
      url: '/v1/operator/operators/:id/reset-factors',
      access: { operator: 'admin' },
      summary:
        'Take the second factor of another operator away who has lost it; their sessions end, and they are told',
      params: Fields({ id: Uuid }),
      body: Fields({ reason: Reason }),
      replies: { 204: null },
      refusals: [...whenDeciding, 'not-found'],
    },
    async ({ caller, params: { id }, body, at, reply }) => {
      const { operatorId, sessionId } = caller.actor
      // However the id was written.
      if (id.toLowerCase() === operatorId && sessionId !== null)
        throw problem('forbidden', undefined, { detail: OWN_FACTORS })
      await inTx(app, async (tx) => {
        await refuseUnlessRecent(tx, caller, at)
        await resetOperatorFactors(tx, caller, { id, ...body }, at)
      })
      return reply.code(204).send()
    },
  )
}

async function known(db: Db, id: string) {
  const operator = await getOperator(db, id)
  if (!operator) throw problem('not-found')
  return operator
}
