import type { IncomingHttpHeaders } from 'node:http'
import Type from 'typebox'
import type { Access } from '../access/access.ts'
import type { Snapshot } from '../access/snapshot.ts'
import type { App } from '../app.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { LimitsSchema, PriceFields } from '../catalogue/routes.ts'
import { sources } from '../entitlements/facts.ts'
import type { MemberActor } from '../http/actor.ts'
import { namesTag } from '../http/etag.ts'
import type { Answer } from '../http/memory.ts'
import { route } from '../http/route.ts'
import { Instant, Nullable, named, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { type RenderedState, renderState } from './billingState.ts'

/** The state of an account, as GET /v1/billing/state answers it. */
export const BillingStateSchema = named(
  'BillingState',
  Type.Object({
    account_id: Uuid,
    has_pro_entitlement: Type.Boolean({ description: 'The effective plan is pro or above.' }),
    plan: Type.String(),
    reason: Type.String({ description: 'The source of the plan, or why there is none but free.' }),
    subscription: Type.Object({
      status: Type.String({ description: 'Stripe’s word, or trialing, trial_expired, complimentary, none.' }),
      source: Nullable(Type.Enum([...sources])),
      interval: Nullable(Type.Enum(['month', 'year'])),
      trial_ends_at: Nullable(Instant),
      trial_days_remaining: Nullable(Type.Integer()),
      current_period_end: Nullable(Instant),
      cancel_at_period_end: Type.Boolean(),
      ends_at: Nullable(Instant),
      grace_ends_at: Nullable(Instant),
      scheduled_change: Nullable(
        Type.Object({
          plan: Nullable(Type.String()),
          interval: Nullable(Type.Enum(['month', 'year'])),
          quantity: Type.Integer(),
          at: Instant,
        }),
      ),
      seats: Type.Object({
        purchased: Nullable(Type.Integer()),
        used: Type.Integer(),
        pending: Type.Integer(),
        limit: Nullable(Type.Integer()),
      }),
    }),
    plan_limits: LimitsSchema,
    plan_billing: Type.Object(PriceFields),
    features: Type.Record(Type.String(), Type.Boolean()),
    usage: Type.Record(
      Type.String(),
      Type.Object({ used: Type.Integer(), limit: Nullable(Type.Integer()), resets_at: Instant }),
    ),
    actions: Type.Object({ checkout: Type.Boolean(), portal: Type.Boolean() }),
    stripe_enabled: Type.Boolean(),
  }),
)

/** What an account is on, and what it may do about it. */
export function stateRoutes(server: Server, app: App, access: Access): void {
  // Rendered once per snapshot: the state is asked for far more often than it changes.
  const rendered = new WeakMap<Snapshot, RenderedState>()

  function answer(snapshot: Snapshot, catalogue: Catalogue, asked: IncomingHttpHeaders, at: Date): Answer {
    let state = rendered.get(snapshot)
    if (!state || at < state.from || at >= state.changesAt) {
      state = renderState(snapshot, catalogue, app.config, at)
      rendered.set(snapshot, state)
    }
    const headers = { etag: state.etag, 'cache-control': 'private, no-cache' }
    if (namesTag(asked['if-none-match'], state.etag)) return { status: 304, headers, body: null }
    return {
      status: 200,
      headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
      body: state.body,
    }
  }

  route(
    server,
    app,
    {
      operationId: 'getBillingState',
      method: 'GET',
      url: '/v1/billing/state',
      access: { member: 'viewer' },
      summary: 'Plan, status, limits, features and usage of the current account, as one consistent snapshot',
      replies: { 200: BillingStateSchema, 304: null },
    },
    async ({ caller, request, reply, at }) => {
      const snapshot = await access.snapshotNow(caller.actor)
      const { status, headers, body } = answer(
        snapshot,
        await access.catalogueOf(snapshot),
        request.headers,
        at,
      )
      return reply
        .code(status)
        .headers(headers)
        .serializer(asIs)
        .send(body ?? undefined)
    },
    (asked, at) => {
      const snapshot = access.rememberedMember(asked, at, true)
      const catalogue = snapshot && access.rememberedCatalogueOf(snapshot)
      return catalogue && answer(snapshot, catalogue, asked.headers, at)
    },
  )
}

const asIs = (body: unknown) => body as string

/** The state after an operation has changed something, as its reply. */
export async function stateNow(app: App, access: Access, actor: MemberActor, at: Date): Promise<unknown> {
  const snapshot = await access.snapshotNow(actor)
  const { body } = renderState(snapshot, await access.catalogueOf(snapshot), app.config, at)
  return JSON.parse(body)
}
