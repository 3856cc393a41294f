import Type, { type TSchema } from 'typebox'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import type { Overridable } from '../entitlements/overrides.ts'
import { type Contract, route } from '../http/route.ts'
import { Fields, Instant, Nullable, named, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { Reason } from './fields.ts'
import { describeOverride, endOverride, giveOverride } from './giveOverride.ts'

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

/** A feature that an account has of its own, in the words of the contract. */
export const FeatureOverrideSchema = named('FeatureOverride', overrideOf(Switch))
/** The same of a limit. */
export const LimitOverrideSchema = named('LimitOverride', overrideOf(Amount))

const Params = Fields({ id: Uuid, name: Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' }) })

/** One kind of what can be overridden, and how the contract words it. */
interface OverrideContract {
  kind: Overridable
  value: typeof Switch | typeof Amount
  override: TSchema
  set: Pick<Contract, 'operationId' | 'summary'>
  clear: Pick<Contract, 'operationId' | 'summary'>
}

/** Features and limits that an account has otherwise than its plan. */
export function overrideRoutes(server: Server, app: App): void {
  routesOf(server, app, {
    kind: 'feature',
    value: Switch,
    override: FeatureOverrideSchema,
    set: {
      operationId: 'setFeature',
      summary: 'Switch a feature on or off for an account, whatever its plan has',
    },
    clear: {
      operationId: 'clearFeature',
      summary: 'Let the plan decide about a feature of an account again; answers what it has now',
    },
  })
  routesOf(server, app, {
    kind: 'limit',
    value: Amount,
    override: LimitOverrideSchema,
    set: {
      operationId: 'setLimit',
      summary: 'Give an account a limit of its own, whatever its plan has; that of members is its seats',
    },
    clear: {
      operationId: 'clearLimit',
      summary: 'Let the plan decide about a limit of an account again; answers what it has now',
    },
  })
}

function routesOf(server: Server, app: App, { kind, value, override, set, clear }: OverrideContract): void {
  const url = `/v1/operator/accounts/:id/${kind}s/:name`

  route(
    server,
    app,
    {
      ...set,
      method: 'PUT',
      url,
      access: { operator: 'admin' },
      params: Params,
      body: Fields({ value, until: Type.Optional(Nullable(Instant)), reason: Reason }),
      replies: { 200: override },
      refusals: ['not-found', 'account-deleted'],
    },
    async ({ caller, params: { id, name }, body, at }) => {
      const until = body.until ? new Date(body.until) : null
      const order = { value: body.value, until, reason: body.reason }
      const what = { kind, accountId: id, name }
      return describeOverride(await inTx(app, (tx) => giveOverride(tx, caller, what, order, at)))
    },
  )

  route(
    server,
    app,
    {
      ...clear,
      method: 'DELETE',
      url,
      access: { operator: 'admin' },
      params: Params,
      body: Fields({ reason: Reason }),
      replies: { 200: Type.Object({ name: Type.String(), value }) },
      refusals: ['not-found'],
    },
    async ({ caller, params: { id, name }, body, at }) => {
      const what = { kind, accountId: id, name }
      return inTx(app, (tx) => endOverride(tx, caller, what, body.reason, at))
    },
  )
}
