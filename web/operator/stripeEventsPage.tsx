import { type components, unwrap } from '@frontgate/client'
import { Box, SegmentedControl, Text } from '@mantine/core'
import { useState } from 'react'
import { Act } from './act.tsx'
import { Copyable } from './copyable.tsx'
import { Heading } from './heading.tsx'
import { Instant } from './instant.tsx'
import { Mark, type Tone } from './mark.tsx'
import { operatorClient } from './operatorClient.ts'
import { PagedRows } from './pagedRows.tsx'
import { usePages } from './usePages.ts'
import { said } from './words/words.ts'

type StripeEvent = components['schemas']['StripeEvent']
type Status = StripeEvent['status']
const { events: texts } = said
const statuses: Status[] = ['parked', 'received', 'handled', 'ignored']
const tones: Record<Status, Tone> = { parked: 'bad', received: 'busy', handled: 'good', ignored: 'quiet' }

/** What Stripe told of and what became of it; first what waits for somebody. */
export function StripeEventsPage() {
  const [status, setStatus] = useState<Status | 'all'>('parked')
  const pages = usePages<StripeEvent>(['stripe-events', status], async (page) =>
    unwrap(
      await operatorClient.api.GET('/v1/operator/stripe-events', {
        params: { query: { ...(status !== 'all' && { status }), ...page } },
      }),
    ),
  )
  return (
    <>
      <Heading title={said.places.stripeEvents} lead={texts.lead} />
      <Box maw="100%" style={{ overflowX: 'auto' }}>
        <SegmentedControl
          aria-label={texts.filter}
          value={status}
          onChange={(value) => setStatus(value as Status | 'all')}
          data={[
            ...statuses.map((value) => ({ value, label: said.eventStatuses[value] })),
            { value: 'all', label: texts.all },
          ]}
        />
      </Box>
      <PagedRows
        label={said.places.stripeEvents}
        pages={pages}
        keyOf={({ id }) => id}
        empty={status === 'parked' ? texts.noneParked : texts.none}
        columns={[
          {
            head: texts.event,
            cell: ({ id, type }) => (
              <>
                {type}
                <br />
                <Text span fz="sm" fw={400} c="dimmed">
                  <Copyable value={id} isShort />
                </Text>
              </>
            ),
          },
          {
            head: texts.status,
            cell: ({ status }) => <Mark tone={tones[status]}>{said.eventStatuses[status]}</Mark>,
          },
          {
            head: texts.reason,
            cell: ({ reason, attempts }) =>
              reason || attempts > 0 ? (
                <Text fz="sm">
                  {reason}
                  {attempts > 0 && (
                    <Text span inherit c="dimmed">
                      {' '}
                      {texts.attempts(attempts)}
                    </Text>
                  )}
                </Text>
              ) : null,
          },
          {
            head: texts.customer,
            cell: ({ stripe_customer_id: id }) => id && <Copyable value={id} isShort />,
          },
          { head: texts.received, cell: ({ received_at: at }) => <Instant at={at} /> },
          {
            head: '',
            isAtEnd: true,
            cell: (event) => (event.status === 'received' ? null : <Replay event={event} />),
          },
        ]}
      />
    </>
  )
}

function Replay({ event: { id, type } }: { event: StripeEvent }) {
  return (
    <Act
      label={texts.replay}
      takes="support"
      about={id}
      title={texts.replayTitle(type)}
      says={texts.replaySays}
      done={texts.replayed(type)}
      reason="optional"
      run={async ({ reason }) =>
        unwrap(
          await operatorClient.api.POST('/v1/operator/stripe-events/{id}/replay', {
            params: { path: { id } },
            body: { ...(reason && { reason }) },
          }),
        )
      }
    />
  )
}
