import Type, { type TSchema } from 'typebox'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields, Instant, Nullable, named, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { Reason } from './fields.ts'
import { describeOverride, endOverride, override } from './overrides.ts'

const Switch = Type.Boolean()
const Amount = Nullable(
  Type.Integer({ minimum: 0, maximum: 1_000_000_000_000, description: 'Null is unlimited.' }),
)

const overrideOf = <S extends TSchema>(value: S) =>
  Type.Object({
    name: Type.String(),
    value,
    until: Nullable(Instant),
    reason: Type.String(),
    set_by: Uuid,
    set_at: Instant,
  })

export const FeatureOverrideSchema = named('FeatureOverride', overrideOf(Switch))
export const LimitOverrideSchema = named('LimitOverride', overrideOf(Amount))

const Params = Fields({ id: Uuid, name: Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' }) })
const newOverride = <S extends TSchema>(value: S) =>
  Fields({ value, until: Type.Optional(Nullable(Instant)), reason: Reason })
const held = <S extends TSchema>(value: S) => Type.Object({ name: Type.String(), value })

const endOf = ({ until }: { until?: string | null }) => (until ? new Date(until) : null)

/** Features and limits that an account has otherwise than its plan. */
export function overrideRoutes(server: Server, app: App): void {
  featureRoutes(server, app)
  limitRoutes(server, app)
}

function featureRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'setFeature',
      method: 'PUT',
      url: '/v1/operator/accounts/:id/features/:name',
      access: 'operator',
      summary: 'Switch a feature on or off for an account, whatever its plan has',
      params: Params,
      body: newOverride(Switch),
      replies: { 200: FeatureOverrideSchema },
      refusals: ['forbidden', 'not-found', 'account-deleted'],
    },
    async ({ caller, params: { id, name }, body, at }) => {
      const order = { value: body.value, until: endOf(body), reason: body.reason }
      const what = { kind: 'feature', accountId: id, name } as const
      return describeOverride(await inTx(app, (tx) => override(tx, caller, what, order, at)))
    },
  )

  route(
    server,
    app,
    {
      operationId: 'clearFeature',
      method: 'DELETE',
      url: '/v1/operator/accounts/:id/features/:name',
      access: 'operator',
      summary: 'Let the plan decide about a feature of an account again; answers what it has now',
      params: Params,
      body: Fields({ reason: Reason }),
      replies: { 200: held(Switch) },
      refusals: ['forbidden', 'not-found'],
    },
    async ({ caller, params: { id, name }, body, at }) => {
      const what = { kind: 'feature', accountId: id, name } as const
      return inTx(app, (tx) => endOverride(tx, caller, what, body.reason, at))
    },
  )
}

function limitRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'setLimit',
      method: 'PUT',
      url: '/v1/operator/accounts/:id/limits/:name',
      access: 'operator',
      summary: 'Give an account a limit of its own, whatever its plan has; that of members is its seats',
      params: Params,
      body: newOverride(Amount),
      replies: { 200: LimitOverrideSchema },
      refusals: ['forbidden', 'not-found', 'account-deleted'],
    },
    async ({ caller, params: { id, name }, body, at }) => {
      const order = { value: body.value, until: endOf(body), reason: body.reason }
      const what = { kind: 'limit', accountId: id, name } as const
      return describeOverride(await inTx(app, (tx) => override(tx, caller, what, order, at)))
    },
  )

  route(
    server,
    app,
    {
      operationId: 'clearLimit',
      method: 'DELETE',
      url: '/v1/operator/accounts/:id/limits/:name',
      access: 'operator',
      summary: 'Let the plan decide about a limit of an account again; answers what it has now',
      params: Params,
      body: Fields({ reason: Reason }),
      replies: { 200: held(Amount) },
      refusals: ['forbidden', 'not-found'],
    },
    async ({ caller, params: { id, name }, body, at }) => {
      const what = { kind: 'limit', accountId: id, name } as const
      return inTx(app, (tx) => endOverride(tx, caller, what, body.reason, at))
    },
  )
}
