import { type Interval, useSession } from '@frontgate/client/react'
import { Anchor, Box, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { settings } from '../settings.ts'
import { Failed } from '../shell/failed.tsx'
import { useTitle } from '../shell/useTitle.ts'
import { useWords } from '../words/words.ts'
import { carriedOn } from './carriedOn.ts'
import { GoOn } from './goOn.tsx'
import { IntervalSwitch } from './intervalSwitch.tsx'
import { PlanCard } from './planCard.tsx'
import { usePlans } from './usePlans.ts'

/** The plans and what they cost, for strangers. Members see them with their own, on /billing. */
export function PricingPage() {
  const { words } = useWords()
  const { pricing } = words.visitor
  const { user } = useSession()
  const [interval, setInterval] = useState<Interval>(carriedOn().interval === 'month' ? 'month' : 'year')
  useTitle(pricing.title)
  const { plan, interval: by } = carriedOn()
  const query = new URLSearchParams({ ...(plan && { plan }), ...(by && { interval: by }) })
  if (user) return <GoOn to={query.size > 0 ? `/billing?${query}` : '/billing'} />
  return (
    <Stack gap="xl" maw={1160} mx="auto" pb="xl">
      <Stack gap="xs" align="center" ta="center">
        <Title order={1} fz={{ base: 28, sm: 36 }}>
          {pricing.title}
        </Title>
        <Text c="dimmed" fz="lg" maw={560}>
          {!settings.self_serve_enabled
            ? pricing.byInvite
            : settings.trial_days > 0 && pricing.trial(settings.trial_days)}
        </Text>
      </Stack>
      <Plans interval={interval} setInterval={setInterval} />
      <Text ta="center">
        {pricing.registered}{' '}
        <Anchor component={Link} to="/sign-in" search={carriedOn() as never} inherit underline="always">
          {pricing.signIn}
        </Anchor>
      </Text>
    </Stack>
  )
}

function Plans({ interval, setInterval }: { interval: Interval; setInterval: (to: Interval) => void }) {
  const { words } = useWords()
  const { pricing } = words.visitor
  const { data: plans, error, refetch } = usePlans()
  if (error && !plans) return <Failed error={error} reset={() => void refetch()} />
  if (!plans) {
    return (
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} aria-hidden>
        {[0, 1, 2, 3].map((place) => (
          <Skeleton key={place} height={420} radius="lg" />
        ))}
      </SimpleGrid>
    )
  }
  if (plans.length === 0) {
    return (
      <Text ta="center" c="dimmed">
        {pricing.none}
      </Text>
    )
  }
  // The lowest one that is paid for is where most people begin.
  const main = plans.findIndex(({ month, year }) => month !== null || year !== null)
  return (
    <Stack gap="lg">
      <IntervalSwitch plans={plans} interval={interval} setInterval={setInterval} />
      <Box
        component="ul"
        p={0}
        m={0}
        style={{
          display: 'grid',
          gap: 'var(--mantine-spacing-md)',
          gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 250px), 1fr))',
          listStyle: 'none',
        }}
      >
        {plans.map((plan, place) => (
          <PlanCard key={plan.plan} plan={plan} interval={interval} isMain={place === main} />
        ))}
      </Box>
    </Stack>
  )
}
