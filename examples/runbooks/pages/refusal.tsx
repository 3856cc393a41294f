import { FrontgateProblem } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Link } from './router.tsx'

/** What to say of a refusal, with the way back where there is one. */
export function Refusal({ problem }: { problem: unknown }) {
  const { account } = useSession()
  if (problem === null || problem === undefined) return null
  if (!(problem instanceof FrontgateProblem)) {
    return (
      <p className="notice fault" role="alert">
        Runbooks cannot be reached right now. Try again in a moment.
      </p>
    )
  }
  const mayBuy = account?.role === 'owner' || account?.role === 'admin'
  const isPaid = problem.status === 402
  return (
    <div className={isPaid ? 'notice closed' : 'notice fault'} role="alert">
      <p>
        <strong>{titleOf(problem)}</strong> {isPaid ? '' : problem.detail}
      </p>
      {isPaid && mayBuy && (
        <Link className="button main" href="/pricing">
          See the plans
        </Link>
      )}
      {isPaid && !mayBuy && <p>An owner or admin of your account can change the plan.</p>}
    </div>
  )
}

function titleOf({ code, title, members }: FrontgateProblem): string {
  if (code === 'subscription-required') return reasons[String(members.reason)] ?? 'This needs a higher plan.'
  if (code !== 'limit-reached') return `${title}.`
  if (members.limit === 0) return 'Your plan does not have this.'
  const again =
    typeof members.resets_at === 'string'
      ? ` More on ${new Date(members.resets_at).toLocaleDateString()}.`
      : ''
  return `Your plan allows ${members.limit}, and ${members.used} ${members.used === 1 ? 'is' : 'are'} used.${again}`
}

const reasons: Record<string, string> = {
  'trial-expired': 'Your trial has ended. Everything is still here; choose a plan to go on.',
  canceled: 'Your subscription has ended. Everything is still here; choose a plan to go on.',
  'past-due': 'A payment is overdue.',
  unpaid: 'A payment is overdue.',
  'never-subscribed': 'This is part of the Pro plan.',
  'plan-too-low': 'This needs a higher plan.',
}
