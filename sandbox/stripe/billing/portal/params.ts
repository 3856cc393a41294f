import Type from 'typebox'
import { pageParams } from '../../engine/listPage.ts'
import { metadataParam } from '../../engine/metadata.ts'
import { address, emptyable, flag, integer, maybe, text, words } from '../params.ts'

const afterCompletion = maybe(
  Type.Object({
    type: words('hosted_confirmation', 'portal_homepage', 'redirect'),
    hosted_confirmation: maybe(Type.Object({ custom_message: maybe(text) })),
    redirect: maybe(Type.Object({ return_url: address })),
  }),
)

const flowData = Type.Object({
  type: words(
    'payment_method_update',
    'subscription_cancel',
    'subscription_update',
    'subscription_update_confirm',
  ),
  after_completion: afterCompletion,
  subscription_cancel: maybe(
    Type.Object({
      subscription: text,
      retention: maybe(
        Type.Object({ type: words('coupon_offer'), coupon_offer: Type.Object({ coupon: text }) }),
      ),
    }),
  ),
  subscription_update: maybe(Type.Object({ subscription: text })),
  subscription_update_confirm: maybe(
    Type.Object({
      subscription: text,
      discounts: maybe(Type.Array(Type.Object({ coupon: maybe(text), promotion_code: maybe(text) }))),
      items: Type.Array(
        Type.Object({ id: text, price: maybe(text), quantity: maybe(Type.Integer({ minimum: 0 })) }),
      ),
    }),
  ),
})

/** https://docs.stripe.com/api/customer_portal/sessions/create */
export const sessionParams = Type.Object({
  configuration: maybe(text),
  customer: text,
  flow_data: maybe(flowData),
  locale: maybe(text),
  return_url: maybe(address),
})

const enabled = Type.Object({ enabled: flag })
const behaviour = maybe(words('none', 'create_prorations', 'always_invoice'))

const features = Type.Object({
  customer_update: maybe(
    Type.Object({ enabled: maybe(flag), allowed_updates: maybe(emptyable(Type.Array(text))) }),
  ),
  invoice_history: maybe(enabled),
  payment_method_update: maybe(enabled),
  subscription_cancel: maybe(
    Type.Object({
      enabled: maybe(flag),
      mode: maybe(words('at_period_end', 'immediately')),
      proration_behavior: behaviour,
      cancellation_reason: maybe(Type.Object({ enabled: flag, options: maybe(emptyable(Type.Array(text))) })),
    }),
  ),
  subscription_update: maybe(
    Type.Object({
      enabled: maybe(flag),
      default_allowed_updates: maybe(emptyable(Type.Array(words('price', 'promotion_code', 'quantity')))),
      proration_behavior: behaviour,
      products: maybe(
        emptyable(
          Type.Array(
            Type.Object({
              product: text,
              prices: Type.Array(text),
              adjustable_quantity: maybe(
                Type.Object({ enabled: flag, maximum: maybe(integer), minimum: maybe(integer) }),
              ),
            }),
          ),
        ),
      ),
    }),
  ),
})

/** https://docs.stripe.com/api/customer_portal/configurations */
export const configurationParams = Type.Object({
  active: maybe(flag),
  business_profile: maybe(
    Type.Object({
      headline: maybe(emptyable(text)),
      privacy_policy_url: maybe(emptyable(text)),
      terms_of_service_url: maybe(emptyable(text)),
    }),
  ),
  default_return_url: maybe(emptyable(address)),
  features: maybe(features),
  login_page: maybe(enabled),
  metadata: metadataParam,
  name: maybe(emptyable(text)),
})

export const configurationListParams = Type.Object({
  ...pageParams,
  active: maybe(flag),
  is_default: maybe(flag),
})
