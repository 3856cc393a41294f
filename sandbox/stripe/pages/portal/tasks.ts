import { intentOf } from '../../billing/payments/openPayment.ts'
import {
  cancelInPortal,
  changePlanInPortal,
  updatePaymentMethodInPortal,
} from '../../billing/portalActions.ts'
import { idOf } from '../../billing/shapes.ts'
import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { chosenCard } from '../cardChoice.ts'
import { type Form, field } from '../guard.ts'
import { cancelPage, isReason } from './cancelPage.ts'
import { cardPage } from './cardPage.ts'
import { confirmPage } from './confirmPage.ts'
import { liveSubscription, type Portal } from './findPortal.ts'
import { planChangeOf, updatePage } from './updatePage.ts'

/** What a customer can come for, each on a page of its own. */
export type TaskName = 'card' | 'cancel' | 'update'

interface Task {
  /** Whether the portal is configured to let customers do it. */
  isOffered(features: Portal['features']): boolean
  /** The page, with what is wished for or was sent in vain, and why it was. */
  show(world: World, portal: Portal, wish: Form, fault?: string): string
  /** Does it, and answers with where the customer is asked something before it is done, if they are. */
  perform(world: World, portal: Portal, form: Form): string | null
  /** What is said once it is done. */
  done: string
}

/** The tasks of the portal, by the last part of their paths. */
export const tasks: Record<TaskName, Task> = {
  card: {
    isOffered: ({ payment_method_update }) => payment_method_update.enabled,
    show: (_world, portal, wish, fault) => cardPage(portal, wish, fault),
    perform(world, { customer }, form) {
      updatePaymentMethodInPortal(world, customer.id, chosenCard(form))
      return null
    },
    done: 'The new card is charged from now on.',
  },
  cancel: {
    isOffered: ({ subscription_cancel }) => subscription_cancel.enabled,
    show: (world, portal, wish, fault) =>
      cancelPage(world, portal, liveSubscription(portal, field(wish, 'subscription')), wish, fault),
    perform(world, portal, form) {
      const { id } = liveSubscription(portal, field(form, 'subscription'))
      const [feedback, comment] = [field(form, 'feedback'), field(form, 'comment')]
      cancelInPortal(world, id, { ...(isReason(feedback) && { feedback }), ...(comment && { comment }) })
      return null
    },
    done: 'Your subscription ends with the period that is paid.',
  },
  update: {
    isOffered: ({ subscription_update }) => subscription_update.enabled,
    show: showUpdate,
    perform(world, portal, form) {
      const subscription = liveSubscription(portal, field(form, 'subscription'))
      const change = planChangeOf(world, portal, subscription, form)
      const wish = { price: change.price.id, quantity: change.quantity }
      const { pending_update, latest_invoice } = changePlanInPortal(world, subscription.id, wish)
      const intent = pending_update && intentOf(world, idOf(latest_invoice) ?? '')
      return intent ? `/stripe/authenticate/${intent.id}?portal=${portal.session.id}` : null
    },
    done: 'Your plan has changed.',
  },
}

/** First the choice; what it costs, once there is one that can be made. */
function showUpdate(world: World, portal: Portal, wish: Form, fault?: string): string {
  const subscription = liveSubscription(portal, field(wish, 'subscription'))
  if (!field(wish, 'price')) return updatePage(world, portal, subscription, fault)
  try {
    const change = planChangeOf(world, portal, subscription, wish)
    return confirmPage(world, portal, subscription, change, fault)
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error
    return updatePage(world, portal, subscription, fault ?? error.message)
  }
}
