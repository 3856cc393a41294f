import { Group, SimpleGrid, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Copyable } from '../copyable.tsx'
import { Instant } from '../instant.tsx'
import { serviceTime } from '../operatorClock.ts'
import { Section } from '../section.tsx'
import type { Catalogue } from '../useCatalogue.ts'
import { said } from '../words/words.ts'
import { decidingGrant } from './rules.ts'
import { StatusMark } from './statusMark.tsx'
import type { OperatorAccount } from './useAccount.ts'

const { account: texts } = said

/** What the account is on right now, why, and until when. */
export function StandingNow({ account, catalogue }: { account: OperatorAccount; catalogue: Catalogue }) {
  const plan = catalogue.plans.find(({ plan }) => plan === account.plan)
  const grant = decidingGrant(account, serviceTime())
  const reasons: Record<string, string> = texts.reasons
  return (
    <Section title={texts.now}>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="lg">
        <Fact name={texts.plan}>
          <Text span fw={650} fz="xl">
            {plan?.display_name ?? account.plan}
          </Text>
        </Fact>
        <Fact name={texts.status}>
          <StatusMark status={account.status} />
        </Fact>
        <Fact name={texts.why}>{reasons[account.reason] ?? account.reason}</Fact>
        <Fact name={texts.until}>
          {grant ? grant.until ? <Instant at={grant.until} /> : texts.forGood : texts.untilChanged}
        </Fact>
      </SimpleGrid>
      {account.stripe_customer_id && (
        <Group gap="xs" mt="md" fz="sm">
          <Text span inherit c="dimmed">
            {texts.stripeCustomer}
          </Text>
          <Copyable value={account.stripe_customer_id} />
        </Group>
      )}
    </Section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Stack gap={2}>
      <Text fz="sm" c="dimmed">
        {name}
      </Text>
      <div>{children}</div>
    </Stack>
  )
}
