import Type from 'typebox'
import type { App } from '../../app.ts'
import { NAME_PATTERN, rates } from '../../catalogue/catalogue.ts'
import { decide, resolveFeatures } from '../../entitlements/rules.ts'
import { standingsOf } from '../../entitlements/usage/rules.ts'
import { namesTag, tagOf } from '../../http/etag.ts'
import { route } from '../../http/route.ts'
import { Fields, Instant, named, Uuid } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import type { Access } from '../access.ts'
import { type AskedAccount, askedAccount, refuse } from './askedAccount.ts'
import { checkEntitlement } from './checkEntitlement.ts'
import { CheckSchema, ConsumedSchema, describeCheck, describeStanding, StandingSchema } from './checkReply.ts'
import { consume, release } from './countUsage.ts'
import { usageHistory } from './usageHistory.ts'

const EntitlementsSchema = named(
  'Entitlements',
  Type.Object({
    account_id: Uuid,
    plan: Type.String(),
    reason: Type.String({ description: 'The source of the plan, or why there is none but free.' }),
    features: Type.Record(Type.String(), Type.Boolean()),
    limits: Type.Record(Type.String(), StandingSchema),
  }),
)

const Name = Type.String({ pattern: NAME_PATTERN })
const Amount = Type.Integer({ minimum: 1, maximum: 1_000_000_000 })
const AccountId = Type.Optional(
  Type.String({
    format: 'uuid',
    description: 'Which account: with a product key it must be said; members have their current one.',
  }),
)

const UsageFields = Fields({
  account_id: AccountId,
  limit: Name,
  amount: Amount,
  idempotency_key: Type.String({
    minLength: 1,
    maxLength: 200,
    // PostgreSQL takes no zero and no half of a surrogate pair.
    pattern: '^[^\\u0000\\ud800-\\udfff]*$',
    description: 'The same for each try of one piece of work. Known for 90 days.',
  }),
})

const UsageHistorySchema = named(
  'UsageHistory',
  Type.Object({
    limit: Type.String(),
    per: Type.Enum([...rates]),
    data: Type.Array(Type.Object({ start: Instant, end: Instant, used: Type.Integer() }), {
      description:
        'The oldest first, the current period last. Where months of billing have been counted from another day since, a period is shown as it was counted in.',
    }),
  }),
)

const CheckFields = Fields({
  account_id: AccountId,
  feature: Type.Optional(Name),
  limit: Type.Optional(Name),
  amount: Type.Optional(Amount),
})

/** What an account may do and how much of it is used, asked and told by the product. */
export function entitlementRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'getEntitlements',
      method: 'GET',
      url: '/v1/entitlements',
      access: { member: 'viewer', productKey: 'entitlements:read' },
      summary: 'The features and limits of an account, and what of them is used',
      query: Fields({ account_id: AccountId }),
      replies: { 200: EntitlementsSchema, 304: null },
      refusals: ['not-found'],
    },
    async ({ caller, query, request, reply, at }) => {
      const asked = await askedAccount(access, caller.actor, query.account_id, {
        now: true,
        pointer: '#/query/account_id',
      })
      const entitlements = describeEntitlements(asked, at)
      const etag = tagOf(JSON.stringify(entitlements))
      reply.headers({ etag, 'cache-control': 'private, no-cache' })
      if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send()
      return entitlements
    },
  )

  route(
    server,
    app,
    {
      operationId: 'checkEntitlement',
      method: 'POST',
      url: '/v1/entitlements/check',
      access: { member: 'viewer', productKey: 'entitlements:read' },
      summary: 'Whether an account has a feature, or so much more of a limit',
      body: CheckFields,
      replies: { 200: CheckSchema },
      refusals: ['not-found'],
    },
    async ({ caller, body: { account_id, ...question }, at }) => {
      const asked = await askedAccount(access, caller.actor, account_id, { now: true })
      return describeCheck(checkEntitlement(asked, question, app, at), app.config)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'getUsageHistory',
      method: 'GET',
      url: '/v1/accounts/me/usage',
      access: { member: 'viewer' },
      summary: 'What was used of a limit that is for a period, by the latest periods',
      query: Fields({
        limit: Type.Optional(Name),
        periods: Type.Optional(Type.Integer({ minimum: 1, maximum: 36, default: 12 })),
      }),
      replies: { 200: UsageHistorySchema },
    },
    async ({ caller, query: { limit, periods = 12 }, at }) => {
      if (limit === undefined) refuse('#/query/limit', 'is missing')
      const asked = await askedAccount(access, caller.actor, undefined, { now: false })
      return usageHistory(app, asked, { limit, periods }, at)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'consumeUsage',
      method: 'POST',
      url: '/v1/usage/consume',
      access: { member: 'member', productKey: 'usage:write' },
      summary: 'Count something as used, unless that would be more than the limit; once for each key',
      body: UsageFields,
      replies: { 200: ConsumedSchema },
      refusals: ['limit-reached', 'email-verification-required', 'not-found', 'idempotency-key-reused'],
    },
    async ({ caller, body: { account_id, idempotency_key: key, limit, amount }, at }) => {
      const asked = await askedAccount(access, caller.actor, account_id, { now: false })
      const { check, counted } = await consume(app, asked, { key, limit, amount }, at)
      return { ...describeCheck(check, app.config), counted }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'releaseUsage',
      method: 'POST',
      url: '/v1/usage/release',
      access: { member: 'member', productKey: 'usage:write' },
      summary: 'Give back what was counted as used, once for each key; answers whether as much fits now',
      body: UsageFields,
      replies: { 200: CheckSchema },
      refusals: ['email-verification-required', 'not-found', 'idempotency-key-reused'],
    },
    async ({ caller, body: { account_id, idempotency_key: key, limit, amount }, at }) => {
      const asked = await askedAccount(access, caller.actor, account_id, { now: false })
      return describeCheck(await release(app, asked, { key, limit, amount }, at), app.config)
    },
  )
}

function describeEntitlements({ accountId, facts, catalogue }: AskedAccount, at: Date) {
  const decision = decide(facts, catalogue, at)
  const standings = standingsOf(facts, decision, catalogue, at)
  return {
    account_id: accountId,
    plan: decision.plan.plan,
    reason: decision.kind === 'granted' ? decision.grant.source : decision.reason,
    features: resolveFeatures(facts, decision.plan, catalogue, at),
    limits: Object.fromEntries(
      Object.entries(standings).map(([name, standing]) => [name, describeStanding(standing)]),
    ),
  }
}
