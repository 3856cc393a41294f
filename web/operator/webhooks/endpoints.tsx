import { Group, Text } from '@mantine/core'
import { Instant } from '../instant.tsx'
import { Mark } from '../mark.tsx'
import { PagedRows } from '../pagedRows.tsx'
import { Section } from '../section.tsx'
import type { Pages } from '../usePages.ts'
import { said } from '../words/words.ts'
import { EndpointActs } from './endpointActs.tsx'
import type { Endpoint } from './useEndpoints.ts'

const { webhooks: texts } = said

/** Who is told, of what, and whether it gets there. */
export function Endpoints({ pages }: { pages: Pages<Endpoint> }) {
  return (
    <Section title={texts.endpoints}>
      <PagedRows
        label={texts.endpoints}
        pages={pages}
        keyOf={({ id }) => id}
        empty={texts.noEndpoints}
        columns={[
          {
            head: texts.url,
            cell: ({ url, description }) => (
              <>
                {url}
                {description && (
                  <Text fz="sm" c="dimmed" fw={400}>
                    {description}
                  </Text>
                )}
              </>
            ),
          },
          {
            head: texts.events,
            cell: ({ events }) => <Text fz="sm">{events ? events.join(', ') : texts.allEvents}</Text>,
          },
          { head: texts.state, cell: (endpoint) => <State endpoint={endpoint} /> },
          {
            head: '',
            isAtEnd: true,
            cell: (endpoint) => (
              <Group gap={6} justify="flex-end">
                <EndpointActs endpoint={endpoint} />
              </Group>
            ),
          },
        ]}
      />
    </Section>
  )
}

function State({ endpoint }: { endpoint: Endpoint }) {
  const { disabled_at: disabled, disabled_because: because, failing_since: failing } = endpoint
  if (disabled) {
    return (
      <>
        <Mark tone="bad">{texts.disabled}</Mark>
        <Text fz="sm" c="dimmed">
          {because && texts.because[because]} <Instant at={disabled} />
        </Text>
      </>
    )
  }
  if (failing) {
    return (
      <>
        <Mark tone="busy">{texts.failing}</Mark>
        <Text fz="sm" c="dimmed">
          {texts.since} <Instant at={failing} />
        </Text>
      </>
    )
  }
  return <Mark tone="good">{texts.fine}</Mark>
}
