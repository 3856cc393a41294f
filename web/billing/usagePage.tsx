import type { components } from '@frontgate/client'
import { useBillingState } from '@frontgate/client/react'
import { NativeSelect, Skeleton, Stack, Text, Title } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { Failed } from '../shell/failed.tsx'
import { useTitle } from '../shell/useTitle.ts'
import { useWords } from '../words/words.ts'
import { Section } from './section.tsx'
import { UsageBar } from './usageBar.tsx'
import { useEntitlements } from './useEntitlements.ts'
import { useMayBuy } from './useMayBuy.ts'
import { useNameLimit } from './useNameLimit.ts'

const UsageChart = lazy(async () => ({ default: (await import('./usageChart.tsx')).UsageChart }))

/** What the account uses of what its plan includes, now and in the months before. */
export function UsagePage() {
  const { words } = useWords()
  const { state } = useBillingState()
  const { data, error, refetch } = useEntitlements()
  useTitle(words.shell.usage)
  return (
    <Stack gap="lg">
      <div>
        <Title order={1}>{words.shell.usage}</Title>
        {state ? (
          <Text c="dimmed">{words.billing.usage.lead(state.plan_billing.display_name)}</Text>
        ) : (
          <Skeleton h={24} w={280} />
        )}
      </div>
      {data ? (
        <Known limits={data.limits} isForSale={state?.stripe_enabled === true} />
      ) : error ? (
        <Failed error={error} reset={() => void refetch()} />
      ) : (
        <>
          <Skeleton h={260} radius="lg" />
          <Skeleton h={340} radius="lg" />
        </>
      )}
    </Stack>
  )
}

interface KnownProps {
  limits: components['schemas']['Entitlements']['limits']
  isForSale: boolean
}

function Known({ limits, isForSale }: KnownProps) {
  const { words } = useWords()
  const mayBuy = useMayBuy()
  const entries = Object.entries(limits)
  const rates = entries.filter(([, { per }]) => per !== null).map(([name]) => name)
  return (
    <>
      <Section title={words.billing.usage.now}>
        {entries.length === 0 && <Text c="dimmed">{words.billing.usage.empty}</Text>}
        <Stack gap="xl">
          {entries.map(([name, limit]) => (
            <UsageBar key={name} name={name} limit={limit} mayGetMore={mayBuy && isForSale} />
          ))}
        </Stack>
      </Section>
      {rates[0] && <Months rates={rates} first={rates[0]} />}
    </>
  )
}

function Months({ rates, first }: { rates: string[]; first: string }) {
  const { words } = useWords()
  const nameLimit = useNameLimit()
  const [limit, setLimit] = useState(first)
  const choice = rates.length > 1 && (
    <NativeSelect
      aria-label={words.billing.usage.monthsOf}
      value={limit}
      onChange={(event) => setLimit(event.currentTarget.value)}
      data={rates.map((name) => ({ value: name, label: nameLimit(name) }))}
    />
  )
  return (
    <Section title={words.billing.usage.months} lead={rates.length === 1 && nameLimit(limit)} beside={choice}>
      <Suspense fallback={<Skeleton h={220} />}>
        <UsageChart limit={limit} />
      </Suspense>
    </Section>
  )
}
