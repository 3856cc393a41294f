import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react'
import type { components } from '../api/schema.ts'
import { findPortal } from './billingPages.ts'
import { formatDate, formatMoney } from './format.ts'
import { Outcome, Waiting } from './formParts.tsx'
import { useFrontgate, useSession } from './frontgateProvider.tsx'
import { PricingTable } from './pricingTable.tsx'
import { ResendVerification } from './resendVerification.tsx'
import { countOf, decideOpening, type Need, type Opening } from './rules.ts'
import { sayProblem } from './sayProblem.ts'
import { SignIn } from './signIn.tsx'
import { useBillingState, useServiceTime } from './useBillingState.ts'
import { useLeaving } from './useLeaving.ts'
import { usePlans } from './usePublished.ts'

type Plan = components['schemas']['Plan']

/** Why a part of a page is not shown. */
export interface Refused {
  kind: 'signed-out' | 'unverified' | 'closed'
  /** With `closed`: `trial-expired`, `canceled`, `past-due`, `unpaid`, `never-subscribed` or `plan-too-low`. */
  reason: string | null
  /** The lowest plan that would open it; null where none is for sale. */
  requiredPlan: Plan | null
}

interface RequireProps {
  /** Shown instead; without it, why it is closed and what opens it. */
  fallback?: ReactNode | ((refused: Refused) => ReactNode)
  children?: ReactNode
}

/**
 * Shows its children to accounts on this plan or a higher one.
 *
 * This is for the eye only: whatever a browser is sent can be read. What has to be kept from somebody is kept by a guard
 * on the product's server, which decides for itself.
 */
export function RequirePlan({ plan, ...rest }: RequireProps & { plan: string }): ReactElement {
  return <Require need={{ kind: 'plan', plan }} {...rest} />
}

/** The same for accounts that have a feature: by their plan, or because an operator gave it. For the eye only too. */
export function RequireFeature({ feature, ...rest }: RequireProps & { feature: string }): ReactElement {
  return <Require need={{ kind: 'feature', feature }} {...rest} />
}

/**
 * The same while an account has not used up a limit: by `used`, which the product has counted, else by what is counted
 * at the service. To be said before somebody writes what would be refused. For the eye only too.
 */
export function RequireLimit({
  limit,
  used,
  ...rest
}: RequireProps & { limit: string; used?: number | undefined }): ReactElement {
  return <Require need={{ kind: 'limit', limit, used }} {...rest} />
}

function Require({ need, fallback, children }: RequireProps & { need: Need }): ReactElement {
  const { client, words, locale } = useFrontgate()
  const { status, user, account, problem: noSession } = useSession()
  const { state, problem, refresh } = useBillingState()
  const plans = usePlans()
  const now = useServiceTime()

  const opening: Opening | null =
    user && state && plans.data ? decideOpening(need, { user, state, plans: plans.data }, now()) : null
  if (opening?.kind === 'open') return <>{children}</>

  const count = need.kind === 'limit' && state ? countOf(need, state) : null
  const refused: Refused | null =
    status === 'signed-out'
      ? { kind: 'signed-out', reason: null, requiredPlan: null }
      : opening && {
          kind: opening.kind,
          reason: opening.kind === 'closed' ? opening.reason : null,
          requiredPlan: opening.kind === 'closed' ? opening.required : null,
        }
  if (refused && fallback !== undefined) {
    return <>{typeof fallback === 'function' ? fallback(refused) : fallback}</>
  }
  const failed = noSession ?? problem ?? plans.problem
  return (
    <section className="frontgate frontgate-refusal" lang={locale}>
      {refused ? (
        <Refusal need={need} refused={refused} count={count} />
      ) : status === 'signed-in' && !account ? (
        <p>{words.noAccount}</p>
      ) : failed ? (
        <>
          <Outcome kind="fault">{sayProblem(failed, { words, locale })}</Outcome>
          <button
            type="button"
            className="frontgate-button"
            onClick={() => {
              plans.again()
              void client.ready().then(refresh)
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

interface RefusalProps {
  need: Need
  refused: Refused
  /** Of a limit. */
  count?: ReturnType<typeof countOf> | null
}

/** Why something is closed, and the way in. */
export function Refusal({ need, refused, count = null }: RefusalProps): ReactElement {
  const { words } = useFrontgate()
  const { user } = useSession()
  if (refused.kind === 'signed-out') return <SignInFirst />
  if (refused.kind === 'unverified') {
    return (
      <>
        <h2>{words.verifyFirst}</h2>
        <p className="frontgate-lead">{words.verifyLead(user?.email ?? '')}</p>
        <ResendVerification />
      </>
    )
  }
  return <TooLow need={need} refused={refused} count={count} />
}

function SignInFirst(): ReactElement {
  const { words, signInUrl } = useFrontgate()
  const [isEntering, setEntering] = useState(false)
  if (isEntering) return <SignIn />
  return (
    <>
      <h2>{words.signInFirst}</h2>
      {signInUrl ? (
        <a className="frontgate-button frontgate-is-main" href={signInUrl}>
          {words.signIn}
        </a>
      ) : (
        <button
          type="button"
          className="frontgate-button frontgate-is-main"
          onClick={() => setEntering(true)}
        >
          {words.signIn}
        </button>
      )}
    </>
  )
}

/** What is mended by paying what is owed, and not by another plan. */
const OWED = ['past-due', 'unpaid', 'paused', 'incomplete']

function TooLow({ need, refused: { reason, requiredPlan }, count }: RefusalProps): ReactElement {
  const { client, words, locale, nameFeature, pricingUrl } = useFrontgate()
  const { account } = useSession()
  const { state } = useBillingState()
  const { pressed, fault, leave } = useLeaving()
  const [isOpen, setOpen] = useState(false)
  const feature = need.kind === 'feature' ? nameFeature(need.feature) : null
  const isOwed = OWED.includes(reason ?? '') && state?.actions.portal === true
  const mayChange = account?.role === 'owner' || account?.role === 'admin'
  const isForSale = requiredPlan !== null || need.kind === 'plan'
  const at = useServiceTime()()
  const standing = [
    ...(isForSale ? [sayWhy(reason, state?.plan_billing.display_name ?? '', words)] : []),
    ...(count?.limit
      ? [words.countUsed(formatNumber(count.used, locale), formatNumber(count.limit, locale))]
      : []),
    ...(count?.limit && count.resetsAt ? [words.moreFrom(formatDate(count.resetsAt, at, locale))] : []),
  ]
  return (
    <>
      <h2>
        {feature && !requiredPlan
          ? words.featureOff(feature)
          : feature && requiredPlan
            ? words.needsFeature(feature, requiredPlan.display_name)
            : requiredPlan
              ? words.needsPlan(requiredPlan.display_name)
              : need.kind === 'limit'
                ? words.atLimit
                : words.needsHigherPlan}
      </h2>
      {standing.length > 0 && <p className="frontgate-lead">{standing.join(' ')}</p>}
      {isForSale && requiredPlan && !isOwed && <PriceLine plan={requiredPlan} />}
      {isForSale && !mayChange && account && (
        <p className="frontgate-quiet">{words.askAnOwner(account.name)}</p>
      )}
      {isForSale && (
        <p className="frontgate-acts">
          {isOwed ? (
            <button
              type="button"
              className="frontgate-button frontgate-is-main"
              disabled={pressed !== null}
              onClick={() => leave('portal', () => findPortal(client, 'payment_method'))}
            >
              {pressed ? words.opening : words.updatePayment}
            </button>
          ) : pricingUrl ? (
            <a className="frontgate-button frontgate-is-main" href={pricingUrl}>
              {words.seePlans}
            </a>
          ) : (
            <button
              type="button"
              className="frontgate-button frontgate-is-main"
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            >
              {words.seePlans}
            </button>
          )}
        </p>
      )}
      <Outcome kind="fault">{fault}</Outcome>
      {isOpen && <Plans />}
    </>
  )
}

function formatNumber(amount: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(amount)
}

/** What a plan costs, where it costs something. */
function PriceLine({ plan }: { plan: Plan }): ReactElement | null {
  const { words, locale } = useFrontgate()
  if (plan.month === null || !plan.currency) return null
  const per = plan.per_seat ? words.perSeatAndMonth : words.perMonth
  return (
    <p className="frontgate-quiet">
      {plan.display_name}: {formatMoney(plan.month, plan.currency, locale)} {per}
    </p>
  )
}

function Plans(): ReactElement {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => place.current?.focus(), [])
  return (
    <div ref={place} tabIndex={-1} className="frontgate-entrance">
      <PricingTable />
    </div>
  )
}

function sayWhy(
  reason: string | null,
  plan: string,
  words: ReturnType<typeof useFrontgate>['words'],
): string {
  const said = reason !== null && Object.hasOwn(words.why, reason) ? reason : 'plan-too-low'
  const why = words.why[said as keyof typeof words.why]
  return typeof why === 'function' ? why(plan) : why
}
