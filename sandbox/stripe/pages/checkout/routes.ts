import type { FastifyInstance, FastifyReply } from 'fastify'
import { applyPromotionCode } from '../../billing/checkout/applyPromotionCode.ts'
import { getSession } from '../../billing/expireCheckoutSession.ts'
import { type Buyer, payCheckoutSession } from '../../billing/payCheckoutSession.ts'
import { idOf, type Session } from '../../billing/shapes.ts'
import type { StripeStandIn } from '../../engine/createStripe.ts'
import { StripeRefusal } from '../../refusal.ts'
import { authenticatePage } from '../authenticatePage.ts'
import { chosenCard } from '../cardChoice.ts'
import { type Form, field, sendPage } from '../guard.ts'
import { performChange } from '../performChange.ts'
import { money } from '../words.ts'
import { type Attempt, checkoutPage, NO_CARD, nameOf } from './checkoutPage.ts'
import { closedPage, successAddress } from './closedPage.ts'
import { removePromotionCode } from './removePromotionCode.ts'
import { summarise } from './summary.ts'

interface Asked {
  Params: { id: string }
  Body: Form
}

const REFUSED_BY_BANK = 'Your bank did not approve of the payment. Try again, or choose another card.'

/** The page of a checkout session, where the buyer pays or does not. */
export function checkoutRoutes(server: FastifyInstance, stripe: StripeStandIn): void {
  server.get<Asked>('/stripe/checkout/:id', async ({ params: { id } }, reply) =>
    show(reply, stripe, getSession(stripe.at(), id)),
  )
  server.post<Asked>('/stripe/checkout/:id', async ({ params: { id }, body }, reply) => {
    const session = getSession(stripe.at(), id)
    if (!isOpen(stripe, session)) return show(reply, stripe, session)
    if (field(body, 'answer') === 'refuse') {
      return show(reply, stripe, session, { given: body, fault: REFUSED_BY_BANK })
    }
    return pay(reply, stripe, session, body)
  })
  server.post<Asked>('/stripe/checkout/:id/promotion-code', async ({ params: { id }, body }, reply) => {
    const session = getSession(stripe.at(), id)
    const code = field(body, 'promotion_code')
    if (!isOpen(stripe, session)) return show(reply, stripe, session)
    try {
      performChange(stripe, (world) =>
        code ? applyPromotionCode(world, session, code) : removePromotionCode(world, session),
      )
    } catch (error) {
      return show(reply, stripe, session, { code, codeFault: wordsOf(error) })
    }
    return reply.redirect(`/stripe/checkout/${id}`, 303)
  })
}

/** Between the instant of its expiry and the one at which that is noted, it is closed too. */
function isOpen(stripe: StripeStandIn, { status, expires_at, customer }: Session): boolean {
  return status === 'open' && expires_at > stripe.at().now(idOf(customer))
}

function show(reply: FastifyReply, stripe: StripeStandIn, session: Session, attempt: Attempt = {}) {
  if (!isOpen(stripe, session)) return sendPage(reply, closedPage(session))
  const page = checkoutPage(session, summarise(stripe.at(), session), attempt)
  return sendPage(reply, page, attempt.fault ? 402 : attempt.codeFault ? 422 : 200)
}

function pay(reply: FastifyReply, stripe: StripeStandIn, session: Session, form: Form) {
  const card = chosenCard(form)
  const email = field(form, 'email')
  const buyer: Buyer = {
    authenticate: field(form, 'answer') === 'approve',
    ...(card !== NO_CARD && { card }),
    ...(email && { email }),
  }
  try {
    const paid = performChange(stripe, (world) => payCheckoutSession(world, session.id, buyer))
    if (paid.outcome === 'declined') {
      return show(reply, stripe, paid.session, { given: form, fault: paid.failure ?? 'It was declined.' })
    }
    if (paid.outcome === 'requires_action') return askBank(reply, stripe, paid.session, buyer)
    const address = successAddress(paid.session)
    return address ? reply.redirect(address, 303) : sendPage(reply, closedPage(paid.session))
  } catch (error) {
    return show(reply, stripe, session, { given: form, fault: wordsOf(error) })
  }
}

function askBank(reply: FastifyReply, stripe: StripeStandIn, session: Session, { card, email }: Buyer) {
  const summary = summarise(stripe.at(), session)
  const { dueToday, currency } = summary
  const paying =
    dueToday === 0 ? `keeping` : `paying ${money(dueToday, currency)} for ${nameOf(summary)} with`
  const page = authenticatePage({
    what: `${paying} the card that ends in ${card?.slice(-4)}`,
    action: `/stripe/checkout/${session.id}`,
    fields: { ...(card !== undefined && { card }), ...(email !== undefined && { email }) },
  })
  return sendPage(reply, page)
}

/** What Stripe would say of it; anything else is not for the buyer. */
function wordsOf(error: unknown): string {
  if (error instanceof StripeRefusal) return error.message
  throw error
}
