import Type from 'typebox'
import type { Access } from '../../access/access.ts'
import type { App } from '../../app.ts'
import { route } from '../../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { callStripe } from '../../stripe/callStripe.ts'
import { OrderFields, orderOf } from '../priceOrder.ts'
import { BillingStateSchema, stateNow } from '../stateRoutes.ts'
import { cancelSubscription, resumeSubscription } from './cancelSubscription.ts'
import { changeSubscription } from './changeSubscription.ts'
import { listInvoices } from './listInvoices.ts'
import { openPortal } from './openPortal.ts'
import { previewChange } from './previewChange.ts'

const needsStripe = ['too-many-requests', 'stripe-not-configured', 'stripe-unavailable'] as const
const needsSubscription = ['no-subscription', ...needsStripe] as const

const ChangePreviewSchema = named(
  'ChangePreview',
  Type.Object({
    takes_effect: Type.Enum(['now', 'at-period-end', 'never'], {
      description: '`never`: it is what the account has already.',
    }),
    at: Instant,
    amount_due: Type.Integer({ description: 'Minor units; below zero it is credited.' }),
    currency: Type.String(),
    lines: Type.Array(Type.Object({ description: Type.String(), amount: Type.Integer() })),
    proration_date: Nullable(
      Type.Integer({ description: 'Send it with the change, so that it costs what was shown.' }),
    ),
  }),
)

const InvoiceSchema = named(
  'Invoice',
  Type.Object({
    id: Type.String(),
    number: Nullable(Type.String()),
    status: Type.String({ description: 'draft, open, paid, uncollectible or void.' }),
    currency: Type.String(),
    total: Type.Integer(),
    amount_due: Type.Integer(),
    amount_paid: Type.Integer(),
    created_at: Instant,
    due_at: Nullable(Instant),
    page: Nullable(Type.String({ description: 'Stripe’s page of the invoice, where it can be paid.' })),
    pdf: Nullable(Type.String()),
  }),
)

/** What owners and admins do with the subscription that their account has. */
export function subscriptionRoutes(server: Server, app: App, access: Access): void {
  const admins = { member: 'admin' } as const

  route(
    server,
    app,
    {
      operationId: 'createPortalSession',
      method: 'POST',
      url: '/v1/billing/portal-session',
      access: admins,
      summary: 'A link into Stripe’s portal, good for minutes',
      body: Fields({ flow: Type.Optional(Type.Enum(['payment_method', 'cancel', 'change_plan'])) }),
      replies: { 201: Type.Object({ url: Type.String() }) },
      refusals: [...needsSubscription],
    },
    async ({ caller: { actor, requestId }, body: { flow = null }, reply }) => {
      const asked = { accountId: actor.accountId, flow, request: requestId }
      const url = await callStripe(app, actor, (stripe) => openPortal(app, stripe, asked))
      return reply.code(201).send({ url })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'previewSubscriptionChange',
      method: 'POST',
      url: '/v1/billing/subscription/preview',
      access: admins,
      summary: 'What a change of plan, interval or seats would cost and when it would count',
      body: Fields(OrderFields),
      replies: { 200: ChangePreviewSchema },
      refusals: ['subscription-not-changeable', 'change-in-progress', ...needsSubscription],
    },
    async ({ caller: { actor }, body }) => {
      const ordered = await orderOf(access, actor, body)
      const preview = await callStripe(app, actor, (stripe) => previewChange(app, stripe, ordered))
      return {
        takes_effect: preview.takesEffect,
        at: preview.at.toISOString(),
        amount_due: preview.amountDue,
        currency: preview.currency,
        lines: preview.lines,
        proration_date: preview.prorationDate,
      }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'changeSubscription',
      method: 'POST',
      url: '/v1/billing/subscription/change',
      access: admins,
      summary: 'Change plan, interval or seats: more at once with proration, less from the next period on',
      body: Fields({
        ...OrderFields,
        proration_date: Type.Optional(Type.Integer({ minimum: 1, maximum: 99_999_999_999 })),
      }),
      replies: { 200: BillingStateSchema },
      refusals: ['payment-failed', 'subscription-not-changeable', 'change-in-progress', ...needsSubscription],
    },
    async ({ caller: { actor }, body, at }) => {
      const { proration_date: prorationDate = null, ...order } = body
      const ordered = await orderOf(access, actor, order)
      await callStripe(app, actor, (stripe) => changeSubscription(app, stripe, ordered, prorationDate))
      return stateNow(app, access, actor, at)
    },
  )

  for (const [operationId, name, summary, run] of [
    [
      'cancelSubscription',
      'cancel',
      'End the subscription with the period that is paid for',
      cancelSubscription,
    ],
    ['resumeSubscription', 'resume', 'Take a cancellation back before it has happened', resumeSubscription],
  ] as const) {
    route(
      server,
      app,
      {
        operationId,
        method: 'POST',
        url: `/v1/billing/subscription/${name}`,
        access: admins,
        summary,
        replies: { 200: BillingStateSchema },
        refusals: ['payment-failed', 'change-in-progress', ...needsSubscription],
      },
      async ({ caller: { actor }, at }) => {
        await callStripe(app, actor, (stripe) => run(app, stripe, actor.accountId))
        return stateNow(app, access, actor, at)
      },
    )
  }

  route(
    server,
    app,
    {
      operationId: 'listInvoices',
      method: 'GET',
      url: '/v1/billing/invoices',
      access: admins,
      summary: 'Invoices of the account, the newest first',
      query: Fields(PageQuery),
      replies: { 200: pageOf(InvoiceSchema) },
      refusals: [...needsStripe],
    },
    async ({ caller: { actor }, query }) =>
      callStripe(app, actor, (stripe) => listInvoices(app, stripe, { accountId: actor.accountId, ...query })),
  )
}
