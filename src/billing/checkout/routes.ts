import type Stripe from 'stripe'
import Type from 'typebox'
import type { Access } from '../../access/access.ts'
import type { App } from '../../app.ts'
import { route } from '../../http/route.ts'
import { Fields, Instant, named } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { callStripe } from '../../stripe/callStripe.ts'
import { OrderFields, orderOf, priceOrder } from '../priceOrder.ts'
import { idOf } from '../projection/rules.ts'
import { BillingStateSchema, stateNow } from '../stateRoutes.ts'
import { findCustomer } from './customer.ts'
import { openCheckout, unusablePromotionCode } from './openCheckout.ts'
import { trialToCarry } from './rules.ts'
import { syncCheckout } from './syncCheckout.ts'

const CheckoutSessionSchema = named(
  'CheckoutSession',
  Type.Object({
    id: Type.String({ description: 'Stripe’s id, which comes back with the buyer.' }),
    url: Type.String(),
    expires_at: Instant,
  }),
)

/** The way to a subscription: Stripe's page to pay on, and the return from it. */
export function checkoutRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'createCheckoutSession',
      method: 'POST',
      url: '/v1/billing/checkout-session',
      access: { member: 'admin' },
      summary: 'Open a page of Stripe’s to pay on; asking again for the same gives the same page',
      body: Fields({
        ...OrderFields,
        promotion_code: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      }),
      replies: { 201: CheckoutSessionSchema },
      refusals: [
        'already-subscribed',
        'change-in-progress',
        'too-many-requests',
        'stripe-not-configured',
        'stripe-unavailable',
      ],
    },
    async ({ caller: { actor }, body, at, reply }) => {
      const { promotion_code: code, ...order } = body
      const ordered = await orderOf(access, actor, order)
      const opened = await callStripe(app, actor, async (stripe) => {
        const priced = await priceOrder(app, ordered)
        const promotionCode = code ? await findPromotionCode(app, stripe, actor.accountId, code) : null
        const trialEnd = ordered.snapshot.facts && trialToCarry(ordered.snapshot.facts, at)
        const wish = { ...priced, promotionCode, trialEnd: trialEnd?.toISOString() ?? null }
        return openCheckout(app, stripe, { accountId: actor.accountId, userId: actor.userId, wish })
      })
      const { id, url, expiresAt } = opened
      return reply.code(201).send({ id, url, expires_at: expiresAt.toISOString() })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'syncCheckoutSession',
      method: 'POST',
      url: '/v1/billing/checkout-session/:id/sync',
      access: { member: 'admin' },
      summary: 'Read from Stripe what came of a checkout, without waiting for its events',
      params: Fields({ id: Type.String({ minLength: 1, maxLength: 255 }) }),
      replies: { 200: BillingStateSchema },
      refusals: ['not-found', 'too-many-requests', 'stripe-not-configured', 'stripe-unavailable'],
    },
    async ({ caller: { actor }, params, at }) => {
      await callStripe(app, actor, (stripe) =>
        syncCheckout(app, stripe, { accountId: actor.accountId, session: params.id }),
      )
      return stateNow(app, access, actor, at)
    },
  )
}

/** Buyers know a code by its letters, Stripe takes its id. Codes of other customers may have the same letters. */
async function findPromotionCode(app: App, stripe: Stripe, accountId: string, code: string): Promise<string> {
  const [customer, { data }] = await Promise.all([
    findCustomer(app, accountId),
    stripe.promotionCodes.list({ code, active: true, limit: 100 }),
  ])
  const own = data.find((one) => one.customer !== null && idOf(one.customer) === customer?.stripeId)
  const found = own ?? data.find((one) => one.customer === null)
  if (found) return found.id
  throw unusablePromotionCode()
}
