import {
  type KeyboardEvent,
  type ReactElement,
  type RefObject,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react'
import { findPortal } from './billingPages.ts'
import { formatDate, initialsOf } from './format.ts'
import { Outcome } from './formParts.tsx'
import { useFrontgate, useSession } from './frontgateProvider.tsx'
import { ResendVerification } from './resendVerification.tsx'
import { isGraceOver } from './rules.ts'
import { sayProblem } from './sayProblem.ts'
import { sayStanding } from './sayStanding.ts'
import { useBillingState, useServiceTime } from './useBillingState.ts'
import { useLeaving } from './useLeaving.ts'
import { usePlans } from './usePublished.ts'

export interface AccountWidgetProps {
  /** Which edge of the button the panel keeps to. */
  align?: 'start' | 'end'
}

/**
 * Who is signed in, in which account, on what plan and until when; the way to other accounts, to billing and out. Put it
 * into the head of a page. Shows a link to `signInUrl`, if there is one, while nobody is signed in.
 */
export function AccountWidget({ align = 'end' }: AccountWidgetProps): ReactElement | null {
  const { words, locale, signInUrl } = useFrontgate()
  const { status, user, account } = useSession()
  const { state } = useBillingState()
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const panelId = useId()
  useClosing(root, isOpen, () => setOpen(false))

  if (status === 'signed-out' && signInUrl) {
    return (
      <div className="frontgate frontgate-account" lang={locale}>
        <a className="frontgate-button" href={signInUrl}>
          {words.signIn}
        </a>
      </div>
    )
  }
  if (!user) return null

  function closeOnEscape(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || !isOpen) return
    event.stopPropagation()
    setOpen(false)
    button.current?.focus()
  }

  const name = account?.name ?? user.name ?? user.email
  const plan = state?.plan_billing.display_name ?? null
  const needsYou = !user.email_verified || state?.subscription.status === 'past_due'
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only listens for Escape from what is inside
    <div ref={root} className="frontgate frontgate-account" lang={locale} onKeyDown={closeOnEscape}>
      <button
        ref={button}
        type="button"
        className="frontgate-account-button"
        aria-expanded={isOpen}
        aria-controls={panelId}
        onClick={() => setOpen(!isOpen)}
      >
        <span className="frontgate-initials" aria-hidden="true">
          {initialsOf(user.name ?? user.email)}
          {needsYou && <span className="frontgate-dot" />}
        </span>
        <span className="frontgate-unseen">{words.account}:</span>{' '}
        <span className="frontgate-account-name">{name}</span>
        {plan && <span className="frontgate-unseen">,</span>}{' '}
        {plan && <span className="frontgate-badge">{plan}</span>}
        <svg className="frontgate-chevron" viewBox="0 0 12 12" aria-hidden="true">
          <path d="m2.5 4.5 3.5 3.5 3.5-3.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
        </svg>
      </button>
      <section
        id={panelId}
        className={`frontgate-panel frontgate-at-${align}`}
        aria-label={words.account}
        hidden={!isOpen}
      >
        {isOpen && <Panel />}
      </section>
    </div>
  )
}

function Panel(): ReactElement {
  const { words } = useFrontgate()
  const { user, accounts } = useSession()
  return (
    <>
      <div className="frontgate-who">
        {user?.name && <strong>{user.name}</strong>}
        <span className="frontgate-quiet">{user?.email}</span>
      </div>
      <Unverified />
      <CurrentPlan />
      {accounts.length > 1 && <Switcher />}
      {accounts.length === 0 && <p className="frontgate-quiet">{words.noAccount}</p>}
      <SignOut />
    </>
  )
}

function Unverified(): ReactElement | null {
  const { words, locale } = useFrontgate()
  const { user } = useSession()
  const at = useServiceTime()()
  if (!user || user.email_verified) return null
  const end = user.verification_grace_ends_at
  return (
    <div className="frontgate-notice frontgate-is-pressing">
      <p>
        {end && !isGraceOver(user, at)
          ? words.unverifiedUntil(user.email, formatDate(end, at, locale))
          : words.unverified(user.email)}
      </p>
      <ResendVerification />
    </div>
  )
}

function CurrentPlan(): ReactElement | null {
  const { client, words, locale, pricingUrl } = useFrontgate()
  const { account } = useSession()
  const { state, problem, isLoading, refresh } = useBillingState()
  const { data: plans } = usePlans()
  const { pressed, fault, leave } = useLeaving()
  const at = useServiceTime()()
  if (!account) return null
  if (!state) {
    return (
      <div className="frontgate-current">
        <p role="status">{isLoading ? words.loading : problem && sayProblem(problem, { words, locale })}</p>
        {problem && (
          <button type="button" className="frontgate-link" onClick={() => void refresh()}>
            {words.tryAgain}
          </button>
        )}
      </div>
    )
  }
  const nameOf = (name: string) => plans?.find(({ plan }) => plan === name)?.display_name ?? name
  const isOwed = ['past_due', 'unpaid'].includes(state.subscription.status)
  return (
    <div className="frontgate-current">
      <p className="frontgate-current-account">
        <strong>{account.name}</strong>
        <span className="frontgate-quiet">{words.roles[account.role]}</span>
      </p>
      <p className="frontgate-current-plan">
        <span className="frontgate-quiet">{words.plan}</span>
        <strong>{state.plan_billing.display_name}</strong>
      </p>
      {sayStanding(state, { words, locale }, at, nameOf).map(({ says, isPressing }) => (
        <p key={says} className={isPressing ? 'frontgate-pressing' : 'frontgate-quiet'}>
          {says}
        </p>
      ))}
      <div className="frontgate-acts">
        {state.actions.portal && (
          <button
            type="button"
            className={`frontgate-button${isOwed ? ' frontgate-is-main' : ''}`}
            disabled={pressed !== null}
            onClick={() => leave('portal', () => findPortal(client, isOwed ? 'payment_method' : undefined))}
          >
            {pressed ? words.opening : isOwed ? words.updatePayment : words.manageBilling}
          </button>
        )}
        {state.actions.checkout && pricingUrl && (
          <a className="frontgate-button frontgate-is-main" href={pricingUrl}>
            {words.seePlans}
          </a>
        )}
      </div>
      <Outcome kind="fault">{fault}</Outcome>
    </div>
  )
}

function Switcher(): ReactElement {
  const { client, words, locale } = useFrontgate()
  const { account, accounts } = useSession()
  const [isBusy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<{ kind: 'fault' | 'done'; says: string } | null>(null)
  const titleId = useId()

  async function change(to: { id: string; name: string }): Promise<void> {
    if (isBusy || to.id === account?.id) return
    setBusy(true)
    setOutcome(null)
    try {
      await client.switchAccount(to.id)
      setOutcome({ kind: 'done', says: words.switched(to.name) })
    } catch (thrown) {
      setOutcome({ kind: 'fault', says: sayProblem(thrown, { words, locale }) })
    } finally {
      setBusy(false)
    }
  }

  return (
    <div className="frontgate-switcher">
      <p id={titleId} className="frontgate-quiet">
        {words.accounts}
      </p>
      <ul aria-labelledby={titleId}>
        {accounts.map((each) => {
          const isCurrent = each.id === account?.id
          return (
            <li key={each.id}>
              <button
                type="button"
                aria-current={isCurrent || undefined}
                aria-label={isCurrent ? undefined : `${words.switchTo(each.name)}, ${words.roles[each.role]}`}
                aria-disabled={isBusy}
                onClick={() => void change(each)}
              >
                <span>{each.name}</span>
                <span className="frontgate-role">{words.roles[each.role]}</span>
              </button>
            </li>
          )
        })}
      </ul>
      <Outcome kind="done">{outcome?.kind === 'done' && outcome.says}</Outcome>
      <Outcome kind="fault">{outcome?.kind === 'fault' && outcome.says}</Outcome>
    </div>
  )
}

function SignOut(): ReactElement {
  const { client, words, locale } = useFrontgate()
  const [fault, setFault] = useState<string | null>(null)
  return (
    <div className="frontgate-out">
      <button
        type="button"
        className="frontgate-button"
        onClick={() => {
          setFault(null)
          client.signOut().catch((thrown) => setFault(sayProblem(thrown, { words, locale })))
        }}
      >
        {words.signOut}
      </button>
      <Outcome kind="fault">{fault}</Outcome>
    </div>
  )
}

/** Closes what is open when somebody presses elsewhere, or moves on by keyboard. */
function useClosing(root: RefObject<HTMLElement | null>, isOpen: boolean, close: () => void): void {
  const latest = useRef(close)
  latest.current = close
  useEffect(() => {
    if (!isOpen) return
    const closeOutside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) latest.current()
    }
    document.addEventListener('pointerdown', closeOutside)
    document.addEventListener('focusin', closeOutside)
    return () => {
      document.removeEventListener('pointerdown', closeOutside)
      document.removeEventListener('focusin', closeOutside)
    }
  }, [root, isOpen])
}
