import Type from 'typebox'
import type { Access } from '../access/access.ts'
import { RoleSchema } from '../access/tokensReply.ts'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { sources } from '../entitlements/facts.ts'
import { route } from '../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { AuditFields, auditRoutes } from './auditRoutes.ts'
import { catalogueRoutes } from './catalogueRoutes.ts'
import { factorRoutes } from './factors/routes.ts'
import { Reason } from './fields.ts'
import { figureRoutes } from './figures/routes.ts'
import { findAccounts } from './findAccounts.ts'
import { getAccount } from './getAccount.ts'
import { describeGrant, endGrant, grantPlan } from './grants.ts'
import { leadRoutes } from './leadRoutes.ts'
import { listTimeline } from './listTimeline.ts'
import { FeatureOverrideSchema, LimitOverrideSchema, overrideRoutes } from './overrideRoutes.ts'
import { productKeyRoutes } from './productKeyRoutes.ts'
import { reopenAccount } from './reopenAccount.ts'
import { selfServeRoutes } from './selfServeRoutes.ts'
import { sessionRoutes } from './sessions/routes.ts'
import { staffRoutes } from './staffRoutes.ts'
import { EventStatus, stripeRoutes } from './stripeRoutes.ts'
import { userRoutes } from './userRoutes.ts'
import { webhookRoutes } from './webhookRoutes.ts'

const GrantSchema = named(
  'Grant',
  Type.Object({
    id: Uuid,
    source: Type.Enum([...sources]),
    plan: Type.String(),
    from: Instant,
    until: Nullable(Instant),
    reason: Type.String(),
  }),
)

const TimelineEntrySchema = named(
  'TimelineEntry',
  Type.Union([
    Type.Object({ ...AuditFields, kind: Type.Literal('audit') }),
    Type.Object({
      id: Type.String(),
      at: Instant,
      kind: Type.Literal('stripe-event'),
      event_id: Type.String(),
      type: Type.String(),
      status: EventStatus,
    }),
    Type.Object({
      id: Uuid,
      at: Instant,
      kind: Type.Literal('mail'),
      template: Type.String(),
      status: Type.Enum(['queued', 'sent', 'refused', 'off']),
      user_id: Nullable(Uuid),
    }),
    Type.Object({
      id: Uuid,
      at: Instant,
      kind: Type.Literal('grant'),
      grant_id: Uuid,
      source: Type.Enum([...sources]),
      plan: Type.String(),
      from: Instant,
      until: Nullable(Instant),
      reason: Type.String(),
    }),
  ]),
)

const AccountFields = {
  id: Uuid,
  name: Type.String(),
  created_at: Instant,
  closed_at: Nullable(Instant),
}

const OperatorAccountSchema = named(
  'OperatorAccount',
  Type.Object({
    ...AccountFields,
    plan: Type.String({ description: 'What it is on now.' }),
    reason: Type.String({ description: 'The source of the plan, or why there is none but free.' }),
    status: Type.String({ description: 'As its billing state shows it: Stripe’s word, or ours.' }),
    purge_due_at: Nullable(Instant),
    purged_at: Nullable(Instant),
    members: Type.Array(
      Type.Object({
        user_id: Uuid,
        role: RoleSchema,
        email: Nullable(Type.String()),
        name: Nullable(Type.String()),
        email_verified: Type.Boolean(),
        joined_at: Instant,
      }),
    ),
    grants: Type.Array(GrantSchema),
    features: Type.Array(FeatureOverrideSchema, { description: 'Of its own; also those that are over.' }),
    limits: Type.Array(LimitOverrideSchema, { description: 'The same.' }),
    stripe_customer_id: Nullable(Type.String()),
    subscriptions: Type.Array(
      Type.Object({
        id: Type.String({ description: 'Stripe’s id.' }),
        status: Type.String({ description: 'Stripe’s word.' }),
        plan: Nullable(Type.String({ description: 'Null for a price that buys no plan of ours.' })),
        interval: Nullable(Type.Enum(['month', 'year'])),
        quantity: Type.Integer(),
        current_period_end: Instant,
        cancel_at_period_end: Type.Boolean(),
        cancel_at: Nullable(Instant),
        past_due_since: Nullable(Instant),
        shown: Type.Boolean({ description: 'The one that the account sees and changes.' }),
      }),
    ),
    timeline: Type.Array(TimelineEntrySchema, { description: 'The newest entries, the newest first.' }),
    timeline_next: Nullable(
      Type.String({
        description: 'The cursor with which to go on in its timeline; null where that was all.',
      }),
    ),
  }),
)

/** What staff can see and do; every act is audited with its reason, reading too. */
export function operatorRoutes(server: Server, app: App, access: Access): void {
  sessionRoutes(server, app, access)
  factorRoutes(server, app)

  route(
    server,
    app,
    {
      operationId: 'findAccounts',
      method: 'GET',
      url: '/v1/operator/accounts',
      access: { operator: 'read' },
      summary: 'Accounts by id, name or a member’s address',
      query: Fields({ ...PageQuery, query: Type.Optional(Type.String({ maxLength: 320 })) }),
      replies: { 200: pageOf(Type.Object({ ...AccountFields, members: Type.Integer() })) },
    },
    async ({ caller, query, at }) => inTx(app, (tx) => findAccounts(tx, caller, query, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'getAccountAsOperator',
      method: 'GET',
      url: '/v1/operator/accounts/:id',
      access: { operator: 'read' },
      summary: 'One account with what it is on and why, and the newest of its timeline',
      params: Fields({ id: Uuid }),
      replies: { 200: OperatorAccountSchema },
      refusals: ['not-found'],
    },
    async ({ caller, params, at }) => inTx(app, (tx) => getAccount(tx, app.config, caller, params.id, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'listTimeline',
      method: 'GET',
      url: '/v1/operator/accounts/:id/timeline',
      access: { operator: 'read' },
      summary:
        'All that happened to an account, the newest first: its trail, events at Stripe, mails and grants',
      params: Fields({ id: Uuid }),
      query: Fields(PageQuery),
      replies: { 200: pageOf(TimelineEntrySchema) },
      refusals: ['not-found'],
    },
    async ({ caller, params, query, at }) =>
      inTx(app, (tx) => listTimeline(tx, caller, { accountId: params.id, ...query }, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'reopenAccountAsOperator',
      method: 'POST',
      url: '/v1/operator/accounts/:id/reopen',
      access: { operator: 'support' },
      summary: 'Open a closed account again, until it is deleted; naming an owner takes an admin',
      params: Fields({ id: Uuid }),
      body: Fields({
        owner_id: Type.Optional(
          Type.String({ format: 'uuid', description: 'The user who becomes an owner, where none is left.' }),
        ),
        reason: Reason,
      }),
      replies: { 200: Type.Object(AccountFields) },
      refusals: ['not-found', 'account-deleted', 'last-owner'],
    },
    async ({ caller, params, body: { owner_id: ownerId = null, reason }, at }) =>
      inTx(app, (tx) => reopenAccount(tx, caller, { accountId: params.id, ownerId, reason }, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'giveGrant',
      method: 'POST',
      url: '/v1/operator/accounts/:id/grants',
      access: { operator: 'support' },
      summary:
        'Give an account a plan for a time; a trial of the usual plan extends the one it had, and anything else, or a trial of more than 90 days, takes an admin',
      params: Fields({ id: Uuid }),
      body: Fields({
        source: Type.Enum(['complimentary', 'trial', 'override']),
        plan: Type.String({ maxLength: 40 }),
        from: Type.Optional(Instant),
        until: Type.Optional(Nullable(Instant)),
        reason: Reason,
      }),
      replies: { 201: GrantSchema },
      refusals: ['not-found', 'account-deleted'],
    },
    async ({ caller, params, body, at, reply }) => {
      const order = {
        accountId: params.id,
        source: body.source,
        plan: body.plan,
        from: body.from ? new Date(body.from) : at,
        until: body.until ? new Date(body.until) : null,
        reason: body.reason,
      }
      const grant = await inTx(app, (tx) => grantPlan(tx, app, caller, order, at))
      return reply.code(201).send(describeGrant(grant))
    },
  )

  route(
    server,
    app,
    {
      operationId: 'endGrant',
      method: 'DELETE',
      url: '/v1/operator/grants/:id',
      access: { operator: 'support' },
      summary: 'End a grant now; one that is no trial takes an admin',
      params: Fields({ id: Uuid }),
      body: Fields({ reason: Reason }),
      replies: { 204: null },
      refusals: ['not-found', 'grant-already-ended'],
    },
    async ({ caller, params, body, at, reply }) => {
      await inTx(app, (tx) => endGrant(tx, caller, { grantId: params.id, reason: body.reason }, at))
      return reply.code(204).send()
    },
  )

  auditRoutes(server, app)
  staffRoutes(server, app)
  userRoutes(server, app)
  figureRoutes(server, app)
  catalogueRoutes(server, app)
  productKeyRoutes(server, app)
  overrideRoutes(server, app)
  stripeRoutes(server, app)
  leadRoutes(server, app)
  selfServeRoutes(server, app)
  webhookRoutes(server, app)
}
