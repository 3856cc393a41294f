import type { Operation } from '../operation.ts'
import { checkoutOperations } from './checkout/operations.ts'
import { invoiceItemOperations } from './invoices/itemOperations.ts'
import { invoiceOperations } from './invoices/operations.ts'
import { portalOperations } from './portal/operations.ts'
import { scheduleOperations } from './schedules/operations.ts'
import { subscriptionItemOperations } from './subscriptions/itemOperations.ts'
import { subscriptionOperations } from './subscriptions/operations.ts'

/** Everything of Stripe's API that is about billing. */
export const billingOperations: Operation[] = [
  ...subscriptionOperations,
  ...subscriptionItemOperations,
  ...scheduleOperations,
  ...invoiceOperations,
  ...invoiceItemOperations,
  ...checkoutOperations,
  ...portalOperations,
]
