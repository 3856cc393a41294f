import Type from 'typebox'
import type { App } from '../../app.ts'
import { decide, resolveFeatures } from '../../entitlements/rules.ts'
import { route } from '../../http/route.ts'
import { Fields, named, Uuid } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import type { Access } from '../access.ts'

/** Which account is meant: with a product key it must be said, members have the one of their token. */
const AccountId = Type.Optional(Uuid)

const EntitlementsSchema = named(
  'Entitlements',
  Type.Object({
    account_id: Uuid,
    plan: Type.String(),
    reason: Type.String({ description: 'The source of the plan, or why there is none but free.' }),
    features: Type.Record(Type.String(), Type.Boolean()),
  }),
)

/** What an account may do, for its members and for the product's own servers. */
export function entitlementRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'getEntitlements',
      method: 'GET',
      url: '/v1/entitlements',
      access: { member: 'viewer', productKey: 'entitlements:read' },
      summary: 'What an account is on, why, and which features it has',
      query: Fields({ account_id: AccountId }),
      replies: { 200: EntitlementsSchema },
      refusals: ['not-found'],
    },
    async ({ caller, query, at }) => {
      const asked = await access.askedAccount(caller.actor, query.account_id, '#/query/account_id')
      const { accountId, facts, catalogue } = asked
      const decision = decide(facts, catalogue, at)
      return {
        account_id: accountId,
        plan: decision.plan.plan,
        reason: decision.kind === 'granted' ? decision.grant.source : decision.reason,
        features: resolveFeatures(facts, decision.plan, catalogue, at),
      }
    },
  )
}
