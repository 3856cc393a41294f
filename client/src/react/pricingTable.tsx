import { type ReactElement, useEffect, useId, useRef, useState } from 'react'
import type { components } from '../api/schema.ts'
import { findCheckout, findPortal, type Interval } from './billingPages.ts'
import { formatLimit, formatMoney, formatShare, yearlySaving } from './format.ts'
import { Outcome, Waiting } from './formParts.tsx'
import { useFrontgate, useSession } from './frontgateProvider.tsx'
import { decideOffer, type Offer } from './rules.ts'
import { sayProblem } from './sayProblem.ts'
import { SignIn } from './signIn.tsx'
import { useBillingState } from './useBillingState.ts'
import { useLeaving } from './useLeaving.ts'
import { useConfig, usePlans } from './usePublished.ts'

type BillingState = components['schemas']['BillingState']
type Plan = components['schemas']['Plan']
type PublicConfig = components['schemas']['PublicConfig']

export interface PricingTableProps {
  /** Called with what was chosen, instead of leading to Stripe's page to pay on. */
  onChoose?: (chosen: { plan: string; interval: Interval }) => void
  /** What prices are shown by at first; else by what the account pays by, or the month. */
  interval?: Interval
}

/**
 * The plans for sale, with what each offers to whoever is looking: strangers register first, owners and admins are led
 * to Stripe to pay or to change what they have, and sales is asked where nothing is sold online.
 */
export function PricingTable({ onChoose, interval }: PricingTableProps): ReactElement {
  const { client, words, locale } = useFrontgate()
  const plans = usePlans()
  const config = useConfig()
  const session = useSession()
  const billing = useBillingState()
  const problem =
    session.problem ?? plans.problem ?? config.problem ?? (billing.state ? null : billing.problem)
  const isKnown = session.status === 'signed-out' || billing.state || (session.user && !session.account)

  if (plans.data && config.data && isKnown) {
    const known = { plans: plans.data, config: config.data, state: billing.state }
    return <Table {...known} onChoose={onChoose} interval={interval} />
  }
  return (
    <section className="frontgate frontgate-pricing" lang={locale} aria-label={words.plans}>
      {problem ? (
        <>
          <Outcome kind="fault">{sayProblem(problem, { words, locale })}</Outcome>
          <button
            type="button"
            className="frontgate-button"
            onClick={() => {
              plans.again()
              config.again()
              void client.ready().then(billing.refresh)
            }}
          >
            {words.tryAgain}
          </button>
        </>
      ) : (
        <Waiting says={words.loading} />
      )}
    </section>
  )
}

interface Known {
  plans: Plan[]
  config: PublicConfig
  state: BillingState | null
}

interface TableProps extends Known {
  onChoose: PricingTableProps['onChoose'] | undefined
  interval: Interval | undefined
}

function Table({ plans, config, state, onChoose, interval: first }: TableProps): ReactElement {
  const { client, words, locale, signInUrl, navigate } = useFrontgate()
  const { account } = useSession()
  const { pressed, fault, leave } = useLeaving()
  const [picked, setPicked] = useState<Interval | null>(null)
  const [entering, setEntering] = useState<'register' | 'sign-in' | null>(null)
  const interval = picked ?? first ?? state?.subscription.interval ?? 'month'
  const isStranger = state === null && account === null
  const offers = plans.map((plan) => decideOffer(plan, state, config))
  const main = mainOffer(plans, offers, state)
  const mayChange = account?.role === 'owner' || account?.role === 'admin'

  function enter(mode: 'register' | 'sign-in'): void {
    if (signInUrl) navigate(signInUrl)
    else setEntering(mode)
  }

  function act(plan: Plan, { kind }: Offer): void {
    const chosen = { plan: plan.plan, interval: intervalOf(plan, interval) }
    if (kind === 'register') enter('register')
    else if (kind === 'portal') leave(plan.plan, () => findPortal(client))
    else if (kind === 'change') leave(plan.plan, () => findPortal(client, 'change_plan'))
    else if (onChoose) onChoose(chosen)
    else leave(plan.plan, () => findCheckout(client, chosen.plan, chosen.interval))
  }

  return (
    <section className="frontgate frontgate-pricing" lang={locale} aria-label={words.plans}>
      {isStranger && config.self_serve_enabled && config.trial_days > 0 && (
        <p className="frontgate-quiet">{words.registerLead(config.trial_days)}</p>
      )}
      <IntervalSwitch plans={plans} interval={interval} pick={setPicked} />
      <ul className="frontgate-plans">
        {plans.map((plan, index) => (
          <PlanCard
            key={plan.plan}
            {...{ plan, plans, state, config, interval, pressed, act }}
            offer={offers[index] ?? { kind: 'nothing' }}
            isMain={index === main}
          />
        ))}
      </ul>
      <Outcome kind="fault">{fault}</Outcome>
      {state && config.stripe_enabled && !mayChange && account && (
        <p className="frontgate-quiet">{words.askAnOwner(account.name)}</p>
      )}
      {!config.stripe_enabled && <p className="frontgate-quiet">{words.noPayment}</p>}
      {isStranger && !entering && (
        <p className="frontgate-quiet">
          {words.registeredAlready}{' '}
          <button type="button" className="frontgate-link" onClick={() => enter('sign-in')}>
            {words.signIn}
          </button>
        </p>
      )}
      {isStranger && entering && <Entrance mode={entering} />}
    </section>
  )
}

/** Which plan's button stands out: the one that is kept, else the lowest that can be had above the current one. */
function mainOffer(plans: Plan[], offers: Offer[], state: BillingState | null): number {
  const kept = offers.findIndex((offer) => offer.kind === 'checkout' && offer.isKept)
  if (kept >= 0) return kept
  const current = plans.findIndex(({ plan }) => plan === state?.plan)
  return offers.findIndex(({ kind }, rank) => {
    const isPriced = plans[rank]?.month != null || plans[rank]?.year != null
    return rank > current && isPriced && (kind === 'checkout' || kind === 'register')
  })
}

/** What a plan can be paid by, which is what is wished for where there is a price for it. */
function intervalOf({ month, year }: Plan, wished: Interval): Interval {
  if (wished === 'year') return year === null ? 'month' : 'year'
  return month === null ? 'year' : 'month'
}

function IntervalSwitch(props: {
  plans: Plan[]
  interval: Interval
  pick: (interval: Interval) => void
}): ReactElement | null {
  const { plans, interval, pick } = props
  const { words, locale } = useFrontgate()
  const name = useId()
  if (!plans.some(({ month, year }) => month !== null && year !== null)) return null
  const savings = plans.filter(({ month }) => month).map(yearlySaving)
  const most = Math.max(...savings)
  const share = formatShare(most, locale)
  const saving = savings.every((saving) => saving === most) ? words.save(share) : words.saveUpTo(share)
  const choices = [
    { value: 'month', says: words.monthly },
    { value: 'year', says: words.yearly },
  ] as const
  return (
    <fieldset className="frontgate-switch">
      <legend className="frontgate-unseen">{words.billedBy}</legend>
      {choices.map(({ value, says }) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            value={value}
            checked={interval === value}
            onChange={() => pick(value)}
          />
          <span>
            {says}
            {value === 'year' && most > 0 && <em> {saving}</em>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

interface CardProps extends Known {
  plan: Plan
  offer: Offer
  isMain: boolean
  interval: Interval
  pressed: string | null
  act: (plan: Plan, offer: Offer) => void
}

function PlanCard({
  plan,
  plans,
  state,
  config,
  offer,
  isMain,
  interval,
  pressed,
  act,
}: CardProps): ReactElement {
  const { words, nameLimit, nameFeature, locale } = useFrontgate()
  const titleId = useId()
  const isCurrent = state?.plan === plan.plan
  const isTrial = isCurrent && state.reason === 'trial'
  return (
    <li
      className={`frontgate-plan${isCurrent ? ' frontgate-is-current' : ''}`}
      aria-labelledby={titleId}
      aria-current={isCurrent || undefined}
    >
      <div className="frontgate-plan-head">
        <h3 id={titleId}>{plan.display_name}</h3>
        {isCurrent && (
          <span className="frontgate-badge">{isTrial ? words.currentTrial : words.currentPlan}</span>
        )}
      </div>
      <p className="frontgate-quiet">{plan.description}</p>
      <Price plan={plan} interval={intervalOf(plan, interval)} currency={currencyOf(plans)} />
      <div className="frontgate-plan-act">
        <Act {...{ plan, offer, isMain, config, pressed, act }} />
      </div>
      <dl className="frontgate-limits">
        {Object.entries(plan.limits).map(([name, limit]) => (
          <div key={name}>
            <dt>{nameLimit(name)}</dt>
            <dd>{formatLimit(limit, { words, locale })}</dd>
          </div>
        ))}
      </dl>
      <ul className="frontgate-features">
        {Object.entries(plan.features).map(([name, isOn]) => (
          <li key={name} className={isOn ? 'frontgate-is-on' : 'frontgate-is-off'}>
            {nameFeature(name)}
            <span className="frontgate-unseen">: {isOn ? words.included : words.notIncluded}</span>
          </li>
        ))}
      </ul>
    </li>
  )
}

/** What a plan without a price is free in. */
function currencyOf(plans: Plan[]): string | null {
  return plans.find(({ currency }) => currency)?.currency ?? null
}

function Price(props: { plan: Plan; interval: Interval; currency: string | null }): ReactElement {
  const { plan, interval } = props
  const { words, locale } = useFrontgate()
  const minor = interval === 'year' ? plan.year : plan.month
  const currency = plan.currency ?? props.currency
  if (plan.contact_sales || (minor === null && !currency)) {
    return (
      <p className="frontgate-price">
        <strong>{plan.contact_sales ? words.byAgreement : '0'}</strong>
      </p>
    )
  }
  const isFree = minor === null
  const per = plan.per_seat
    ? { month: words.perSeatAndMonth, year: words.perSeatAndYear }
    : { month: words.perMonth, year: words.perYear }
  const saving = yearlySaving(plan)
  return (
    <div className="frontgate-price-lines">
      <p className="frontgate-price">
        <strong>{formatMoney(minor ?? 0, currency ?? 'usd', locale)}</strong>{' '}
        {!isFree && <span className="frontgate-per">{per[interval]}</span>}
      </p>
      {!isFree && interval === 'year' && (
        <p className="frontgate-quiet">
          {words.comesTo(formatMoney(Math.ceil(minor / 12), currency ?? 'usd', locale))}
          {saving > 0 && <span className="frontgate-saving">{words.save(formatShare(saving, locale))}</span>}
        </p>
      )}
    </div>
  )
}

type ActProps = Pick<CardProps, 'plan' | 'offer' | 'isMain' | 'config' | 'pressed' | 'act'>

function Act({ plan, offer, isMain, config, pressed, act }: ActProps): ReactElement | null {
  const { words } = useFrontgate()
  if (offer.kind === 'nothing') return null
  const look = `frontgate-button${isMain ? ' frontgate-is-main' : ''}`
  if (offer.kind === 'sales') {
    const url = new URL(config.sales_url)
    url.searchParams.set('plan', plan.plan)
    return (
      <a className={look} href={url.href}>
        {words.talkToSales}
      </a>
    )
  }
  return (
    <button type="button" className={look} disabled={pressed !== null} onClick={() => act(plan, offer)}>
      {pressed === plan.plan ? words.opening : labelOf(plan, offer, words)}
    </button>
  )
}

function labelOf(
  { display_name: name, month, year }: Plan,
  offer: Offer,
  words: ReturnType<typeof useFrontgate>['words'],
): string {
  const isFree = month === null && year === null
  switch (offer.kind) {
    case 'portal':
      return words.manageBilling
    case 'change':
      return words.changeTo(name)
    case 'register':
      return isFree ? words.startFree : words.register
    case 'checkout':
      return offer.isKept ? words.keep(name) : words.choose(name)
    default:
      return name
  }
}

/** Where a stranger becomes somebody, below what they pressed. */
function Entrance({ mode }: { mode: 'register' | 'sign-in' }): ReactElement {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    place.current?.focus()
    place.current?.scrollIntoView?.({ block: 'nearest' })
  }, [])
  return (
    <div ref={place} tabIndex={-1} className="frontgate-entrance">
      <SignIn key={mode} register={mode === 'register'} />
    </div>
  )
}
