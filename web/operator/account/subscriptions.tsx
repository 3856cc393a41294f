import { Stack, Text } from '@mantine/core'
import { Copyable } from '../copyable.tsx'
import { Instant } from '../instant.tsx'
import { Rows } from '../rows.tsx'
import { Nothing, Section } from '../section.tsx'
import { said } from '../words/words.ts'
import { StatusMark } from './statusMark.tsx'
import type { OperatorAccount } from './useAccount.ts'

const { subscriptions: texts } = said

/** What Stripe says about the account. Staff change it at Stripe, which tells us. */
export function Subscriptions({ account: { subscriptions } }: { account: OperatorAccount }) {
  return (
    <Section title={texts.title} lead={texts.lead}>
      {subscriptions.length === 0 ? (
        <Nothing>{texts.none}</Nothing>
      ) : (
        <Rows
          label={texts.title}
          rows={subscriptions}
          keyOf={({ id }) => id}
          columns={[
            {
              head: texts.id,
              cell: ({ id, shown: isShown }) => (
                <Stack gap={0}>
                  <Copyable value={id} />
                  {isShown && (
                    <Text fz="xs" c="dimmed" fw={400}>
                      {texts.isShown}
                    </Text>
                  )}
                </Stack>
              ),
            },
            { head: texts.status, cell: ({ status }) => <StatusMark status={status} /> },
            {
              head: texts.plan,
              cell: ({ plan, interval, quantity }) =>
                texts.bought(plan, interval && said.intervals[interval], quantity),
            },
            { head: texts.periodEnd, cell: ({ current_period_end: at }) => <Instant at={at} /> },
            {
              head: texts.note,
              cell: (one) =>
                one.past_due_since ? (
                  <>
                    {texts.pastDueSince} <Instant at={one.past_due_since} />
                  </>
                ) : one.cancel_at ? (
                  <>
                    {texts.endsAt} <Instant at={one.cancel_at} />
                  </>
                ) : one.cancel_at_period_end ? (
                  texts.endsWithPeriod
                ) : null,
            },
          ]}
        />
      )}
    </Section>
  )
}
