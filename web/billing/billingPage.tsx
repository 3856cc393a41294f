import type { components } from '@frontgate/client'
import { type Interval, useBillingState } from '@frontgate/client/react'
import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { Failed } from '../shell/failed.tsx'
import { useTitle } from '../shell/useTitle.ts'
import { useWords } from '../words/words.ts'
import { CurrentPlan } from './currentPlan.tsx'
import { Invoices } from './invoices.tsx'
import { PortalButton } from './leave.tsx'
import { PlanCards } from './planCards.tsx'
import { Seats } from './seats.tsx'
import { Section } from './section.tsx'
import { useMayBuy } from './useMayBuy.ts'
import { usePlans } from './usePlans.ts'

/** What the account is on, and what can be done about it. */
export function BillingPage() {
  const { words } = useWords()
  const { state, problem, refresh } = useBillingState()
  const plans = usePlans()
  useTitle(words.shell.billing)
  const failure = state ? plans.error : (problem ?? plans.error)
  const again = () => void Promise.all([refresh(), plans.refetch()])
  return (
    <Stack gap="lg">
      <div>
        <Title order={1}>{words.shell.billing}</Title>
        <Text c="dimmed">{words.billing.lead}</Text>
      </div>
      {state && plans.data ? (
        <Known key={state.account_id} state={state} plans={plans.data} />
      ) : failure ? (
        <Failed error={failure} reset={again} />
      ) : (
        <>
          <Skeleton h={190} radius="lg" />
          <Skeleton h={420} radius="lg" />
        </>
      )}
    </Stack>
  )
}

interface KnownProps {
  state: components['schemas']['BillingState']
  plans: components['schemas']['Plan'][]
}

function Known({ state, plans }: KnownProps) {
  const { words } = useWords()
  const mayBuy = useMayBuy()
  const [chosen] = useState(readChoice)
  // Who has nothing to pay is not shown what could be paid, unless they want to see it, and Stripe is not asked.
  const isGiven = ['complimentary', 'override'].includes(state.subscription.source ?? '')
  const [isComparing, setComparing] = useState(!isGiven || chosen.plan !== null)
  const isCustomer = mayBuy && state.actions.portal
  return (
    <>
      <CurrentPlan state={state} plans={plans} />
      {state.plan_billing.per_seat && state.subscription.seats.purchased !== null && (
        <Seats state={state} plans={plans} />
      )}
      {isComparing ? (
        <PlanCards state={state} plans={plans} chosen={chosen} />
      ) : (
        <Group>
          <Button variant="default" onClick={() => setComparing(true)}>
            {words.billing.showPlans}
          </Button>
        </Group>
      )}
      {isCustomer && (
        <Section title={words.billing.payment} lead={words.billing.paymentLead}>
          <Group gap="sm" align="flex-start">
            <PortalButton flow="payment_method" variant="default">
              {words.billing.updateCard}
            </PortalButton>
            <PortalButton variant="default">{words.billing.portal}</PortalButton>
          </Group>
        </Section>
      )}
      {isCustomer && <Invoices isOnDemand={isGiven} />}
    </>
  )
}

/** What was chosen on the page of prices, or on the way in. */
function readChoice(): { plan: string | null; interval: Interval | null } {
  const asked = new URLSearchParams(location.search)
  const interval = asked.get('interval')
  return { plan: asked.get('plan'), interval: interval === 'month' || interval === 'year' ? interval : null }
}
