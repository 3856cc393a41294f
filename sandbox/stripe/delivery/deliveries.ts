import type Stripe from 'stripe'
import type { Log } from '../../../src/http/log.ts'
import type { Wire } from '../objects.ts'
import type { Store } from '../store.ts'
import { newId } from '../world.ts'
import { sign, thinNotification } from './messages.ts'
import { type Delivery, planDeliveries } from './planDeliveries.ts'
import { type DeliverySettings, reliable } from './settings.ts'

export interface DeliveryOptions {
  store: Store
  webhook: { url: string; secret: string } | null
  /** The clock that signatures are dated by. */
  now(): Date
  log: Log
  /** How long after each failure, in real time, it is tried again; after the last of them it is given up. */
  retryAfterMs: number[]
  random(): number
  /** Whether nothing is sent before `start` is called. */
  waits: boolean
}

const AT_ONCE = 10
const ANSWER_WITHIN_MS = 10_000
const LONGEST_TIMER_MS = 60_000

/** Tells the webhook of events, signed; what is pending outlives the process. */
export class Deliveries {
  #settings = reliable
  readonly #options: DeliveryOptions
  readonly #sending = new Map<string, Promise<void>>()
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #isStarted: boolean
  #tries = 0

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#isStarted = !options.waits
    options.store.onChange((writes) => {
      // After everyone has done with the change.
      if (writes.some(({ kind, object }) => kind === 'delivery' && object)) setImmediate(() => this.#pump())
    })
  }

  /** How often something was sent: it tells whether anything was since one looked. */
  get tries(): number {
    return this.#tries
  }

  get settings(): DeliverySettings {
    return this.#settings
  }

  /** From now on; what was planned before stays as it was. */
  change(settings: Partial<DeliverySettings>): void {
    this.#settings = { ...this.#settings, ...settings }
  }

  /** Keeps the event, and in which messages it is told, in the change that it is part of. */
  keep(event: Wire<Stripe.Event>): void {
    const { store, webhook, random } = this.#options
    store.put('event', { ...event, pending_webhooks: webhook ? 1 : 0 })
    if (!webhook) return
    for (const delivery of planDeliveries(event.id, this.#settings, Date.now(), random)) {
      store.put('delivery', delivery)
    }
  }

  /** Tells of an event once more, at once, whatever the settings are. */
  send(event: string): void {
    const { store, webhook } = this.#options
    if (!webhook) return
    const shape = this.#settings.thin === true ? 'thin' : 'snapshot'
    const delivery = { id: newId('dlv'), event, shape, attempts: 0, due_at: Date.now(), held: false } as const
    store.change(() => store.put('delivery', delivery))
  }

  /** What was not taken yet and is not given up. */
  pending(): Delivery[] {
    return this.#options.store.list('delivery')
  }

  /** Begins with what is left from an earlier run. */
  start(): void {
    this.#isStarted = true
    this.#pump()
  }

  /** Lets time pass for what is delayed or waits to be tried again: for all of it, or for what fits. */
  bringForward(seconds: number, fits: (delivery: Delivery) => boolean = () => true): void {
    this.#update(fits, ({ due_at, ...delivery }) => ({ ...delivery, due_at: due_at - seconds * 1000 }))
  }

  /** Makes due what fits, held or not, in the order in which it would have become due. */
  release(fits: (delivery: Delivery) => boolean = () => true): void {
    const last = Math.max(...this.pending().map(({ due_at }) => due_at))
    const aheadMs = Math.max(0, last - Date.now())
    this.#update(fits, ({ due_at, ...delivery }) => ({ ...delivery, held: false, due_at: due_at - aheadMs }))
  }

  /** Whether something is on its way, or about to be. */
  isBusy(): boolean {
    return this.#sending.size > 0 || this.pending().some(({ held, due_at }) => !held && due_at <= Date.now())
  }

  /** Sends everything that is due, and waits until nothing is on its way; tells whether it did before `patience` ended. */
  async settle(patience: AbortSignal): Promise<boolean> {
    const { promise: lost, resolve } = Promise.withResolvers<void>()
    patience.addEventListener('abort', () => resolve(), { once: true })
    for (;;) {
      this.#pump()
      if (this.#sending.size === 0) return true
      if (patience.aborted) return false
      await Promise.race([...this.#sending.values(), lost])
    }
  }

  /** Stops sending; what was on its way is sent again by the next run. */
  async close(): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#timer)
    await Promise.allSettled(this.#sending.values())
  }

  #update(fits: (delivery: Delivery) => boolean, change: (delivery: Delivery) => Delivery): void {
    const { store } = this.#options
    const found = this.pending().filter((delivery) => fits(delivery) && !this.#sending.has(delivery.id))
    store.change(() => {
      for (const delivery of found) store.put('delivery', change(delivery))
    })
  }

  /** Starts what is due, earliest first, and wakes up for what is due next. */
  #pump(): void {
    clearTimeout(this.#timer)
    if (!this.#isStarted || this.#closing.signal.aborted) return
    while (this.#sending.size < AT_ONCE) {
      const delivery = this.#earliest()
      if (!delivery) return
      const inMs = delivery.due_at - Date.now()
      if (inMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.min(inMs, LONGEST_TIMER_MS)).unref()
        return
      }
      this.#tries += 1
      const sent = this.#send(delivery).finally(() => {
        this.#sending.delete(delivery.id)
        this.#pump()
      })
      this.#sending.set(delivery.id, sent)
    }
  }

  /** Found by one look at each, since sorting thousands after every delivery would take longer than delivering. */
  #earliest(): Delivery | undefined {
    let earliest: Delivery | undefined
    for (const delivery of this.pending()) {
      if (delivery.held || this.#sending.has(delivery.id)) continue
      if (!earliest || delivery.due_at < earliest.due_at) earliest = delivery
    }
    return earliest
  }

  async #send(delivery: Delivery): Promise<void> {
    const event = this.#options.store.get('event', delivery.event)
    const isTaken = event && (await this.#post(event, delivery.shape))
    if (this.#closing.signal.aborted && !isTaken) return
    this.#note(delivery, isTaken !== false)
  }

  /** Whether it was answered with success; a redirection is none. */
  async #post(event: Wire<Stripe.Event>, shape: Delivery['shape']): Promise<boolean> {
    const { webhook, now, log } = this.#options
    if (!webhook) return false
    const body = JSON.stringify(shape === 'thin' ? thinNotification(event) : event)
    const seconds = Math.floor(now().getTime() / 1000)
    try {
      const response = await fetch(webhook.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          'stripe-signature': sign(body, webhook.secret, seconds),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      })
      await response.body?.cancel()
      if (!response.ok) log.warn({ event: event.id, status: response.status }, 'event was not taken')
      return response.ok
    } catch (error) {
      if (!this.#closing.signal.aborted) log.warn({ event: event.id, error }, 'event was not delivered')
      return false
    }
  }

  #note(delivery: Delivery, isTaken: boolean): void {
    const { store, retryAfterMs } = this.#options
    const wait = retryAfterMs[delivery.attempts]
    store.change(() => {
      const event = store.get('event', delivery.event)
      if (isTaken && event) store.put('event', { ...event, pending_webhooks: 0 })
      if (isTaken || wait === undefined) return store.remove('delivery', delivery.id)
      store.put('delivery', { ...delivery, attempts: delivery.attempts + 1, due_at: Date.now() + wait })
    })
  }
}
