import { customerOf, type Schedule, type Subscription } from '../shapes.ts'

/** A schedule for a subscription, without its phases. */
export function blankSchedule(id: string, subscription: Subscription, now: number): Schedule {
  const { automatic_tax, billing_mode, collection_method, default_payment_method, description } = subscription
  return {
    id,
    object: 'subscription_schedule',
    application: null,
    billing_mode,
    canceled_at: null,
    completed_at: null,
    created: now,
    current_phase: null,
    customer: customerOf(subscription),
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      automatic_tax,
      billing_cycle_anchor: 'automatic',
      billing_thresholds: null,
      collection_method,
      default_payment_method,
      description,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: { type: 'self' },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: 'release',
    livemode: false,
    metadata: {},
    pause_schedules: [],
    phases: [],
    released_at: null,
    released_subscription: null,
    status: 'active',
    subscription: subscription.id,
    test_clock: subscription.test_clock,
  }
}
