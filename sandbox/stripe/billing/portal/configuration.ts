import { noSuch } from '../../refusal.ts'
import { newId, type World } from '../../world.ts'
import type { PortalConfiguration } from '../shapes.ts'

const KIND = 'billing_portal.configuration'

/** The configuration that a session is made with: the one that is named, or the default, which comes to be here. */
export function getConfiguration(world: World, id?: string, param?: string): PortalConfiguration {
  if (id === undefined) return defaultConfiguration(world)
  const configuration = world.store.get(KIND, id)
  if (!configuration) throw noSuch('configuration', id, param)
  return configuration
}

function defaultConfiguration(world: World): PortalConfiguration {
  const held = world.store.list(KIND).find(({ is_default }) => is_default)
  return held ?? world.store.put(KIND, { ...blankConfiguration(world.now()), is_default: true })
}

/** A configuration in which the customer may do everything that the sandbox has. */
export function blankConfiguration(now: number): PortalConfiguration {
  return {
    id: newId('bpc'),
    object: KIND,
    active: true,
    application: null,
    business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
    created: now,
    default_return_url: null,
    features: {
      customer_update: { allowed_updates: ['email', 'address', 'name'], enabled: true },
      invoice_history: { enabled: true },
      payment_method_update: { enabled: true, payment_method_configuration: null },
      subscription_cancel: {
        cancellation_reason: { enabled: true, feedback_options: null, options: REASONS },
        enabled: true,
        mode: 'at_period_end',
        proration_behavior: 'none',
      },
      subscription_pause: { duration: { interval_options: [], type: 'indefinite' }, enabled: false },
      subscription_update: {
        billing_cycle_anchor: null,
        default_allowed_updates: ['price', 'quantity'],
        enabled: true,
        products: null,
        proration_behavior: 'always_invoice',
        schedule_at_period_end: { conditions: [] },
        trial_update_behavior: 'continue_trial',
      },
    },
    is_default: false,
    livemode: false,
    login_page: { enabled: false, url: null },
    metadata: {},
    name: null,
    updated: now,
  }
}

const REASONS = [
  'too_expensive',
  'missing_features',
  'switched_service',
  'unused',
  'customer_service',
  'too_complex',
  'low_quality',
  'other',
]
