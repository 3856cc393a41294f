import type { PaymentMethod } from '../../billing/shapes.ts'
import { brandName } from '../words.ts'

/** A card as people tell theirs apart: `Visa •••• 4242`. */
export function cardName({ card }: PaymentMethod): string {
  return `${brandName(card?.brand ?? 'card')} •••• ${card?.last4 ?? ''}`
}
