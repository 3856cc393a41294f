import { setTimeout as delay } from 'node:timers/promises'
import { payCheckoutSession } from '../../sandbox/stripe/billing/payCheckoutSession.ts'
import { sign } from '../../sandbox/stripe/delivery/messages.ts'
import type { Client, Reply } from './client.ts'
import { type Installation, SIGNING_SECRET } from './installation.ts'

export const PASSWORD = 'correct horse battery staple'
const LIMIT = 'kb_conversions'
const PLENTY = 1_000_000
const PAYERS = 12
/** The turn of each payer in which a payment fails; the others change what nobody is told of. */
const FAILING_TURN = 8

export interface Person {
  email: string
  userId: string
  accountId: string
  accessToken: string
  refreshToken: string
}

/** What clients were told, to be compared with what is there in the end. */
export interface Ledger {
  registered: { email: string; userId: string | null }[]
  consumers: (Person & { keys: string[] })[]
  /** Sessions by whose tokens each was followed by another one; `refreshes` counts them. */
  refreshers: Person[]
  refreshes: number
  payers: (Person & { customer: string; turns: number })[]
  /** Of Stripe, which were answered 200. */
  events: Set<string>
}

/** What goes on all the time while servers are killed. */
export class Load {
  readonly ledger: Ledger = {
    registered: [],
    consumers: [],
    refreshers: [],
    refreshes: 0,
    payers: [],
    events: new Set(),
  }
  readonly #at: Installation
  readonly #client: Client
  #isOver = false
  #count = 0
  #running: Promise<unknown>[] = []

  constructor(at: Installation, client: Client) {
    this.#at = at
    this.#client = client
  }

  /** Makes whoever takes part; nothing is killed yet. */
  async prepare(): Promise<void> {
    const { ledger } = this
    for (let i = 0; i < 4; i++) {
      const person = await this.#person('consumer')
      await this.#liftLimit(person)
      ledger.consumers.push({ ...person, keys: [] })
    }
    for (let i = 0; i < 10; i++) ledger.refreshers.push(await this.#person('refresher'))
    for (let i = 0; i < PAYERS; i++) ledger.payers.push(await this.#payer())
  }

  /** Begins; returns once everybody has begun. */
  start(): void {
    this.#running = [
      ...[1, 2, 3].map(() => this.#repeat(120, () => this.#signUp())),
      ...this.ledger.refreshers.map((person) => this.#repeat(150, () => this.#refresh(person))),
      ...this.ledger.consumers.flatMap((consumer) =>
        [1, 2].map(() => this.#repeat(100, () => this.#consume(consumer))),
      ),
      this.#repeat(120, async () => this.#changeAtStripe()),
      ...[0, 1, 2].map((third) => this.#repeat(40, () => this.#deliver(third, 3))),
    ]
  }

  /** Lets everybody finish what they have begun, and delivers what Stripe has still to tell. */
  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#running)
    while (this.#undelivered().length > 0) await this.#deliver(0, 1)
  }

  async #repeat(everyMs: number, act: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      await act()
      await delay(everyMs)
    }
  }

  async #signUp(): Promise<void> {
    const email = `visitor-${++this.#count}@visitor.example`
    const body = { email, password: PASSWORD, token_delivery: 'body' }
    const reply = await this.#client.ask('POST', '/v1/auth/register', { body })
    // Who was registered and not told so learns that the address is known, and signs in.
    const isKnown = reply.status === 409 && reply.body.code === 'email-already-registered' && reply.tries > 1
    if (reply.status !== 201 && !isKnown) return this.#client.isWrong('sign-up', reply)
    this.ledger.registered.push({ email, userId: reply.status === 201 ? reply.body.user.id : null })
  }

  async #refresh(person: Person): Promise<void> {
    const body = { refresh_token: person.refreshToken }
    const reply = await this.#client.ask('POST', '/v1/auth/refresh', { body })
    if (reply.status !== 200) {
      this.#client.isWrong(`refresh of ${person.userId}`, reply)
      // Once, not for ever.
      Object.assign(person, await this.#signIn(person))
      return
    }
    person.refreshToken = reply.body.refresh_token
    this.ledger.refreshes++
  }

  async #consume({ accessToken, keys }: Ledger['consumers'][number]): Promise<void> {
    const key = `piece ${++this.#count}`
    keys.push(key)
    const body = { limit: LIMIT, amount: 1, idempotency_key: key }
    const reply = await this.#client.ask('POST', '/v1/usage/consume', { as: accessToken, body })
    const isCounted = reply.status === 200 && (reply.body.counted || reply.tries > 1)
    if (!isCounted) this.#client.isWrong('consume', reply)
  }

  /** One payer after the other has something changed; once each, a payment of theirs fails. */
  #changeAtStripe(): void {
    const { stripe } = this.#at
    const payer = this.ledger.payers[this.#count++ % PAYERS]
    if (!payer) return
    payer.turns++
    stripe.store.change(() => {
      const [one] = stripe.store.listOf('subscription', payer.customer)
      if (!one) throw new Error('There is no subscription')
      const invoice = stripe.store.get('invoice', String(one.latest_invoice))
      const fails = payer.turns >= FAILING_TURN
      if (fails && invoice) stripe.store.put('invoice', { ...invoice, status: 'open', attempted: true })
      const status = fails ? 'past_due' : 'active'
      const metadata = { ...one.metadata, turn: String(payer.turns) }
      const changed = stripe.store.put('subscription', { ...one, status, metadata })
      stripe.at().emit('customer.subscription.updated', 'subscription', changed)
    })
  }

  #undelivered() {
    return this.#at.stripe.store.list('event').filter(({ id }) => !this.ledger.events.has(id))
  }

  /** Posts one share of the events that were not taken yet, until each is. */
  async #deliver(share: number, shares: number): Promise<void> {
    const events = this.#undelivered().filter((_, i) => i % shares === share)
    for (const event of events) {
      if (this.ledger.events.has(event.id)) continue
      const body = JSON.stringify(event)
      const signature = sign(body, SIGNING_SECRET, Math.floor(Date.now() / 1000))
      const headers = { 'stripe-signature': signature }
      const reply = await this.#client.ask('POST', '/v1/webhooks/stripe', { body, headers })
      if (reply.status === 200) this.ledger.events.add(event.id)
      else this.#client.isWrong(`event ${event.id}`, reply)
    }
  }

  async #person(word: string): Promise<Person> {
    const email = `${word}-${++this.#count}@customer.example`
    const body = { email, password: PASSWORD, token_delivery: 'body' }
    return personFrom(email, expectStatus(201, await this.#client.ask('POST', '/v1/auth/register', { body })))
  }

  async #signIn({ email }: Person): Promise<Person> {
    const body = { email, password: PASSWORD, token_delivery: 'body' }
    return personFrom(email, expectStatus(200, await this.#client.ask('POST', '/v1/auth/login', { body })))
  }

  async #liftLimit({ accountId }: Person): Promise<void> {
    const body = { value: PLENTY, until: null, reason: 'failover' }
    const path = `/v1/operator/accounts/${accountId}/limits/${LIMIT}`
    expectStatus(200, await this.#client.ask('PUT', path, { as: this.#at.operatorToken, body }))
  }

  /** Somebody who has bought a plan. */
  async #payer(): Promise<Ledger['payers'][number]> {
    const { stripe } = this.#at
    const person = await this.#person('payer')
    const body = { plan: 'pro', interval: 'month' }
    const asked = { as: person.accessToken, body }
    const { id } = expectStatus(
      201,
      await this.#client.ask('POST', '/v1/billing/checkout-session', asked),
    ).body
    stripe.store.change(() => payCheckoutSession(stripe.at(), id, { card: '4242424242424242' }))
    const { rows } = await this.#at.app.pool.query<{ id: string }>(
      'select stripe_customer_id as id from stripe_customers where account_id = $1',
      [person.accountId],
    )
    return { ...person, customer: String(rows[0]?.id), turns: 0 }
  }
}

function expectStatus(status: number, reply: Reply): Reply {
  if (reply.status !== status) throw new Error(`Answered ${reply.status}: ${JSON.stringify(reply.body)}`)
  return reply
}

function personFrom(email: string, { body }: Reply): Person {
  return {
    email,
    userId: body.user.id,
    accountId: body.account.id,
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
  }
}
