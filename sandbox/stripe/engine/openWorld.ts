import type Stripe from 'stripe'
import type { Kind, Objects, Wire } from '../objects.ts'
import type { Store } from '../store.ts'
import { type Moment, newId, type World } from '../world.ts'
import { apiVersion } from './apiVersion.ts'

/** What a world needs beside its instant. */
export interface WorldOptions {
  store: Store
  publicUrl: string
  /** The instant, in seconds. */
  seconds: number
  /** The test clock whose time the instant is; unset, it is that of everything else. */
  clock?: string | undefined
  /** What set the changes off, if not time. */
  request?: { id: string; idempotency_key: string | null } | undefined
  /** Puts the event, and in which messages it is told; runs in the same change. */
  keepEvent(event: Wire<Stripe.Event>): void
}

/** What Stripe holds, at one instant; events go into the same change as what they tell of. */
export function openWorld(options: WorldOptions): Moment {
  const { store, publicUrl, seconds, clock, request, keepEvent } = options
  const world: Moment = {
    store,
    publicUrl,
    now(customer) {
      const itsClock = customer && clockOf(store, customer)
      if (!itsClock || itsClock === clock) return seconds
      return store.get('test_helpers.test_clock', itsClock)?.frozen_time ?? seconds
    },
    at: (other, otherClock = clock) =>
      openWorld({ ...options, seconds: other, clock: otherClock ?? undefined }),
    emit(type, kind, object, before) {
      keepEvent(buildEvent(world, type, kind, object, before, request))
    },
  }
  return world
}

/** The test clock that a customer lives by. */
export function clockOf(store: Store, id: string): string | undefined {
  const customer = store.get('customer', id)
  if (!customer || customer.deleted) return undefined
  return (customer.test_clock as string | null | undefined) ?? undefined
}

function buildEvent<K extends Kind>(
  world: World,
  type: string,
  kind: K,
  object: Objects[K],
  before: object | undefined,
  request: WorldOptions['request'],
): Wire<Stripe.Event> {
  const customer = kind === 'customer' ? object.id : (object as { customer?: unknown }).customer
  return {
    id: newId('evt'),
    object: 'event',
    api_version: apiVersion,
    created: world.now(typeof customer === 'string' ? customer : null),
    data: { object, ...(before && { previous_attributes: before }) },
    livemode: false,
    pending_webhooks: 0,
    request: request ?? { id: null, idempotency_key: null },
    type,
  } as Wire<Stripe.Event>
}
