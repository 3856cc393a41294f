import Stripe from 'stripe'

/** The version of Stripe's API that the stand-in speaks: the one the SDK pins. */
export const apiVersion = Stripe.API_VERSION
