import { StripeRefusal } from '../../refusal.ts'
import type { Subscription } from '../shapes.ts'
import type { CreateParams, UpdateParams } from './params.ts'

type Params = Pick<
  UpdateParams & CreateParams,
  | 'automatic_tax'
  | 'collection_method'
  | 'days_until_due'
  | 'description'
  | 'invoice_settings'
  | 'payment_settings'
  | 'trial_settings'
>

/** What parameters set in a subscription without anything else following from it. */
export function simpleFields(held: Subscription, params: Params): Partial<Subscription> {
  const { automatic_tax: tax, payment_settings: payment, trial_settings: trial } = params
  const { collection_method, days_until_due, description } = params
  checkDue({ ...held, ...(collection_method && { collection_method }) }, days_until_due)
  const settings = Object.entries(params.invoice_settings ?? {}).map(([name, value]) => [name, value || null])
  const types = payment?.payment_method_types
  return {
    ...(tax && {
      automatic_tax: { ...held.automatic_tax, enabled: tax.enabled, liability: liability(tax.enabled) },
    }),
    ...(collection_method && { collection_method }),
    ...(days_until_due !== undefined && { days_until_due }),
    ...(description !== undefined && { description: description || null }),
    ...(settings.length > 0 && {
      invoice_settings: { ...held.invoice_settings, ...Object.fromEntries(settings) },
    }),
    ...(payment && {
      payment_settings: {
        payment_method_options: null,
        save_default_payment_method: payment.save_default_payment_method ?? 'off',
        payment_method_types: types || null,
      },
    }),
    ...(trial && {
      trial_settings: {
        end_behavior: {
          billing_cycle_anchor: trial.end_behavior.billing_cycle_anchor ?? null,
          missing_payment_method: trial.end_behavior.missing_payment_method,
        },
      },
    }),
  }
}

function checkDue(
  { collection_method, days_until_due: held }: Subscription,
  given: number | undefined,
): void {
  if (collection_method !== 'send_invoice' || (given ?? held) !== null) return
  throw new StripeRefusal(
    'You must set `days_until_due` when creating or updating a subscription with `collection_method` set to `send_invoice`.',
    { code: 'parameter_missing', param: 'days_until_due' },
  )
}

const liability = (enabled: boolean) => (enabled ? { type: 'self' as const } : null)
