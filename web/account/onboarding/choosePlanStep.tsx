import { useBillingState } from '@frontgate/client/react'
import { Button, Skeleton, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { carriedOn } from '../../visitor/carriedOn.ts'
import { useWords } from '../../words/words.ts'
import { useDates } from '../useDates.ts'

/** Says what the account is on, and leads to the plans. */
export function ChoosePlanStep() {
  const { words } = useWords()
  const { state } = useBillingState()
  const sayDate = useDates()
  const own = words.account.welcome
  const { plan, interval } = carriedOn()
  const end = state?.subscription.status === 'trialing' ? state.subscription.trial_ends_at : null
  return (
    <Stack gap="md">
      {state ? (
        <Text>
          {end
            ? own.planTrial(state.plan_billing.display_name, sayDate(end))
            : own.planNow(state.plan_billing.display_name)}
        </Text>
      ) : (
        <Skeleton h={44} />
      )}
      <Button component={Link} to="/billing" search={{ plan, interval } as never}>
        {own.planSee}
      </Button>
    </Stack>
  )
}
