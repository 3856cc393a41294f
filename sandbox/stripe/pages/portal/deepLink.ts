import { idOf } from '../../billing/shapes.ts'
import { webAddress } from '../guard.ts'
import type { Portal } from './findPortal.ts'
import type { TaskName } from './tasks.ts'

/** The task that a session was made for, and what about it is settled; null when it is for the portal as a whole. */
export function deepLinkOf({ flow }: Portal['session']): { task: TaskName; wish: URLSearchParams } | null {
  if (!flow) return null
  const { type, subscription_cancel, subscription_update, subscription_update_confirm: confirm } = flow
  const about = (fields: Record<string, string>) => new URLSearchParams(fields)
  if (type === 'payment_method_update') return { task: 'card', wish: about({}) }
  if (subscription_cancel)
    return { task: 'cancel', wish: about({ subscription: subscription_cancel.subscription }) }
  if (subscription_update)
    return { task: 'update', wish: about({ subscription: subscription_update.subscription }) }
  if (!confirm) return null
  const { price = null, quantity = 1 } = confirm.items[0] ?? {}
  const fields = { subscription: confirm.subscription, price: idOf(price) ?? '', quantity: String(quantity) }
  return { task: 'update', wish: about(fields) }
}

/** Where the customer goes once that task is done: an address, or words to read here. */
export function afterTask({ flow, return_url }: Portal['session']): {
  address: string | null
  words?: string
} {
  const { type, redirect, hosted_confirmation } = flow?.after_completion ?? {}
  if (type === 'redirect') return { address: webAddress(redirect?.return_url) }
  if (type === 'hosted_confirmation') {
    const words = hosted_confirmation?.custom_message
    return words ? { address: null, words } : { address: null }
  }
  // Stripe shows the portal's first page, from where the way back is one click more.
  return { address: webAddress(return_url) }
}
