import type { Operation } from '../operation.ts'
import { couponOperations } from './coupons.ts'
import { customerOperations } from './customers.ts'
import { disputeOperations } from './disputes.ts'
import { eventOperations } from './events.ts'
import { paymentMethodOperations } from './paymentMethods.ts'
import { paymentOperations } from './payments.ts'
import { priceOperations } from './prices.ts'
import { productOperations } from './products.ts'
import { promotionCodeOperations } from './promotionCodes.ts'
import { refundOperations } from './refunds.ts'
import { setupIntentOperations } from './setupIntents.ts'
import { testClockOperations } from './testClocks.ts'

/** Everything but billing. */
export const resourceOperations: Operation[] = [
  ...productOperations,
  ...priceOperations,
  ...couponOperations,
  ...promotionCodeOperations,
  ...customerOperations,
  ...paymentMethodOperations,
  ...paymentOperations,
  ...setupIntentOperations,
  ...refundOperations,
  ...disputeOperations,
  ...eventOperations,
  ...testClockOperations,
]
