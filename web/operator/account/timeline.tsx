import { type components, unwrap } from '@frontgate/client'
import { Box, Group, SegmentedControl, Stack, Text, ThemeIcon } from '@mantine/core'
import { IconBolt, IconGift, IconHistory, IconMail } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { Instant } from '../instant.tsx'
import { operatorClient } from '../operatorClient.ts'
import { PagedList } from '../pagedList.tsx'
import { Raw } from '../raw.tsx'
import { sayAudit } from '../sayAudit.ts'
import { Section } from '../section.tsx'
import { usePagesAfter } from '../usePages.ts'
import { said } from '../words/words.ts'
import type { OperatorAccount } from './useAccount.ts'

type Entry = components['schemas']['TimelineEntry']
const { timeline: texts } = said
const kinds = ['audit', 'stripe-event', 'grant', 'mail'] as const
const icons = { audit: IconHistory, 'stripe-event': IconBolt, grant: IconGift, mail: IconMail }

/** All that happened to the account, the newest first; the newest of it came with the account. */
export function Timeline({ account }: { account: OperatorAccount }) {
  const { id, members } = account
  const [kind, setKind] = useState<string>('all')
  const newest = { data: account.timeline, next_cursor: account.timeline_next }
  const pages = usePagesAfter<Entry>(newest, ['account', id, 'timeline'], async (page) =>
    unwrap(
      await operatorClient.api.GET('/v1/operator/accounts/{id}/timeline', {
        params: { path: { id }, query: { ...page, limit: 50 } },
      }),
    ),
  )
  const nameOf = (userId: string) => members.find((one) => one.user_id === userId)?.email ?? undefined
  const rows = pages.rows.filter((entry) => kind === 'all' || entry.kind === kind)
  return (
    <Section
      title={texts.title}
      acts={
        <Box maw="100%" style={{ overflowX: 'auto' }}>
          <SegmentedControl
            size="xs"
            aria-label={texts.filter}
            value={kind}
            onChange={setKind}
            data={[
              { value: 'all', label: texts.all },
              ...kinds.map((value) => ({ value, label: texts.kinds[value] })),
            ]}
          />
        </Box>
      }
    >
      <PagedList
        pages={pages}
        isEmpty={rows.length === 0}
        empty={pages.hasNextPage ? texts.noneSoFar : texts.none}
      >
        <Stack component="ol" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
          {rows.map((entry) => (
            <Line key={`${entry.kind} ${entry.id}`} entry={entry} nameOf={nameOf} />
          ))}
        </Stack>
      </PagedList>
    </Section>
  )
}

function Line({ entry, nameOf }: { entry: Entry; nameOf: (userId: string) => string | undefined }) {
  const Icon = icons[entry.kind]
  const { sentence, below } = tell(entry, nameOf)
  return (
    <Group component="li" align="flex-start" gap="sm" wrap="nowrap">
      <ThemeIcon variant="default" size={28} radius="xl" aria-label={texts.kinds[entry.kind]} role="img">
        <Icon size={15} stroke={1.6} aria-hidden />
      </ThemeIcon>
      <Box flex={1} miw={0} style={{ overflowWrap: 'anywhere' }}>
        <Group justify="space-between" gap="xs" align="baseline">
          <Text fz="sm" flex="1 1 14rem">
            {sentence}
          </Text>
          <Text fz="xs" c="dimmed">
            <Instant at={entry.at} />
          </Text>
        </Group>
        {below}
      </Box>
    </Group>
  )
}

/** What an entry says, and what is below it. */
function tell(
  entry: Entry,
  nameOf: (userId: string) => string | undefined,
): { sentence: ReactNode; below: ReactNode } {
  switch (entry.kind) {
    case 'audit':
      return {
        sentence: sayAudit(entry, nameOf) ?? entry.action,
        below: (
          <>
            {typeof entry.details.reason === 'string' && (
              <Text fz="sm" c="dimmed">
                “{entry.details.reason}”
              </Text>
            )}
            <Raw name={entry.action} details={entry.details} />
          </>
        ),
      }
    case 'stripe-event':
      return {
        sentence: texts.stripeEvent(entry.type, said.eventStatuses[entry.status]),
        below: <Raw name={entry.event_id} details={{}} />,
      }
    case 'mail':
      return {
        sentence: texts.mail(
          mailName(entry.template),
          (entry.user_id && nameOf(entry.user_id)) || said.someUser,
          said.mailStatuses[entry.status],
        ),
        below: <Raw name={entry.template} details={{}} />,
      }
    case 'grant':
      return {
        sentence: (
          <>
            {texts.grant(entry.plan, said.sources[entry.source])}{' '}
            {entry.until ? (
              <>
                {said.grants.until.toLowerCase()} <Instant at={entry.until} />
              </>
            ) : (
              said.grants.forGood
            )}
          </>
        ),
        below: entry.reason && (
          <Text fz="sm" c="dimmed">
            “{entry.reason}”
          </Text>
        ),
      }
  }
}

function mailName(template: string): string {
  const names: Record<string, string> = said.mails
  return names[template] ?? template
}
