import { type components, unwrap } from '@frontgate/client'
import { Anchor, Group, NativeSelect, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Act } from '../act.tsx'
import { Copyable } from '../copyable.tsx'
import { Instant } from '../instant.tsx'
import { Mark, type Tone } from '../mark.tsx'
import { operatorClient } from '../operatorClient.ts'
import { PagedRows } from '../pagedRows.tsx'
import { Section } from '../section.tsx'
import { usePages } from '../usePages.ts'
import { said } from '../words/words.ts'
import type { Endpoint } from './useEndpoints.ts'

type Delivery = components['schemas']['WebhookDelivery']
const { webhooks: texts } = said
const tones: Record<Delivery['state'], Tone> = { waiting: 'busy', delivered: 'good', failed: 'bad' }

/** What was sent in the last thirty days, or waits to be. */
export function Deliveries({ endpoints }: { endpoints: Endpoint[] }) {
  const [endpoint, setEndpoint] = useState('')
  const [state, setState] = useState('')
  const filter = {
    ...(endpoint && { endpoint_id: endpoint }),
    ...(state && { state: state as Delivery['state'] }),
  }
  const pages = usePages<Delivery>(['webhook-deliveries', filter], async (page) =>
    unwrap(
      await operatorClient.api.GET('/v1/operator/webhooks/deliveries', {
        params: { query: { ...filter, ...page } },
      }),
    ),
  )
  const urlOf = (id: string) => endpoints.find((one) => one.id === id)?.url ?? `…${id.slice(-8)}`
  return (
    <Section
      title={texts.deliveries}
      lead={texts.deliveriesLead}
      acts={
        <Group gap="xs">
          <NativeSelect
            aria-label={texts.endpoint}
            value={endpoint}
            onChange={(event) => setEndpoint(event.currentTarget.value)}
            maw={240}
            data={[
              { value: '', label: texts.allEndpoints },
              ...endpoints.map(({ id: value, url: label }) => ({ value, label })),
            ]}
          />
          <NativeSelect
            aria-label={texts.state}
            value={state}
            onChange={(event) => setState(event.currentTarget.value)}
            data={[
              { value: '', label: texts.allStates },
              ...(['waiting', 'delivered', 'failed'] as const).map((value) => ({
                value,
                label: texts.states[value],
              })),
            ]}
          />
        </Group>
      }
    >
      <PagedRows
        label={texts.deliveries}
        pages={pages}
        keyOf={({ id }) => id}
        empty={texts.noDeliveries}
        columns={[
          {
            head: texts.message,
            cell: ({ type, message_id: id }) => (
              <>
                {type}
                <br />
                <Text span fz="sm" fw={400} c="dimmed">
                  <Copyable value={id} isShort />
                </Text>
              </>
            ),
          },
          { head: texts.endpoint, cell: ({ endpoint_id: id }) => <Text fz="sm">{urlOf(id)}</Text> },
          {
            head: texts.account,
            cell: ({ account_id: id }) =>
              id && (
                <Anchor
                  component={Link}
                  to={`/operator/accounts/${id}`}
                  fz="sm"
                  style={{ whiteSpace: 'nowrap' }}
                >
                  …{id.slice(-8)}
                </Anchor>
              ),
          },
          {
            head: texts.state,
            cell: (one) => (
              <>
                <Mark tone={tones[one.state]}>{texts.states[one.state]}</Mark>
                <Text fz="sm" c="dimmed">
                  {one.last_outcome && texts.outcomes[one.last_outcome]}
                  {one.last_status && ` (${one.last_status})`}{' '}
                  {one.attempts > 0 && texts.attempts(one.attempts)}
                </Text>
              </>
            ),
          },
          { head: texts.at, cell: ({ created_at: at }) => <Instant at={at} /> },
          {
            head: '',
            isAtEnd: true,
            cell: (one) => (one.state === 'waiting' ? null : <Replay delivery={one} />),
          },
        ]}
      />
    </Section>
  )
}

function Replay({ delivery: { id, type, message_id: message } }: { delivery: Delivery }) {
  return (
    <Act
      label={texts.replay}
      takes="support"
      about={message}
      title={texts.replayTitle(type)}
      says={texts.replaySays}
      done={texts.replayed(type)}
      reason="optional"
      run={async ({ reason }) =>
        unwrap(
          await operatorClient.api.POST('/v1/operator/webhooks/deliveries/{id}/replay', {
            params: { path: { id } },
            body: { ...(reason && { reason }) },
          }),
        )
      }
    />
  )
}
