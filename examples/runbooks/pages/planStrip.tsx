import { useBillingState, useSession } from '@frontgate/client/react'
import { Link } from './router.tsx'

/** One line below the head while the plan needs attention: a trial that runs, or one that is over. */
export function PlanStrip() {
  const { state } = useBillingState()
  const { user } = useSession()
  if (!state) return null
  const { status, trial_days_remaining: days } = state.subscription
  if (status === 'trialing') {
    return (
      <p className="strip">
        Your trial of {state.plan_billing.display_name} has {days === 1 ? 'one day' : `${days} days`} left.{' '}
        <Link href="/pricing">Choose a plan</Link>
      </p>
    )
  }
  if (state.has_pro_entitlement) return null
  return (
    <p className="strip closed">
      {status === 'trial_expired'
        ? 'Your trial has ended.'
        : `You are on ${state.plan_billing.display_name}.`}{' '}
      {user?.email_verified && 'Everything can still be read. '}
      <Link href="/pricing">Choose a plan</Link>
    </p>
  )
}
