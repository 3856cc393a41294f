import { newId, type World } from '../../world.ts'
import { customerOf, type PaymentMethod, type SetupIntent } from '../shapes.ts'

/** Keeps that a payment method was set up to be charged later, where nothing is paid yet. */
export function setUp(world: World, method: PaymentMethod): SetupIntent {
  const id = newId('seti')
  const made = world.store.put('setup_intent', {
    ...unused(),
    id,
    object: 'setup_intent',
    client_secret: `${id}_${newId('secret')}`,
    created: world.now(customerOf(method)),
    customer: method.customer,
    customer_account: null,
    livemode: false,
    metadata: {},
    payment_method: method.id,
    payment_method_types: ['card'],
    status: 'succeeded',
    usage: 'off_session',
  })
  world.emit('setup_intent.succeeded', 'setup_intent', made)
  world.emit('setup_intent.created', 'setup_intent', made)
  return made
}

function unused() {
  return {
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    description: null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    managed_payments: null,
    mandate: null,
    next_action: null,
    on_behalf_of: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    single_use_mandate: null,
  } satisfies Partial<SetupIntent>
}
