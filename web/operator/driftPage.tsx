import { type components, unwrap } from '@frontgate/client'
import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Copyable } from './copyable.tsx'
import { Heading } from './heading.tsx'
import { Instant } from './instant.tsx'
import { operatorClient } from './operatorClient.ts'
import { PagedRows } from './pagedRows.tsx'
import { Raw } from './raw.tsx'
import { usePages } from './usePages.ts'
import { said } from './words/words.ts'

type Drift = components['schemas']['Drift']
const { drift: texts } = said

/** What was found at Stripe and no event had told of. */
export function DriftPage() {
  const pages = usePages<Drift>(['drift'], async (page) =>
    unwrap(await operatorClient.api.GET('/v1/operator/drift', { params: { query: page } })),
  )
  const kinds: Record<string, string> = texts.kinds
  return (
    <>
      <Heading title={said.places.drift} lead={texts.lead} />
      <PagedRows
        label={said.places.drift}
        pages={pages}
        keyOf={({ id }) => id}
        empty={texts.none}
        columns={[
          {
            head: texts.what,
            cell: ({ kind, details }) => (
              <>
                {kinds[kind] ?? kind}
                <Raw name={kind} details={details} />
              </>
            ),
          },
          {
            head: texts.account,
            cell: ({ account_id: id }) =>
              id && (
                <Anchor component={Link} to={`/operator/accounts/${id}`} style={{ whiteSpace: 'nowrap' }}>
                  …{id.slice(-8)}
                </Anchor>
              ),
          },
          { head: texts.customer, cell: ({ stripe_customer_id: id }) => <Copyable value={id} isShort /> },
          {
            head: texts.subscription,
            cell: ({ stripe_subscription_id: id }) => id && <Copyable value={id} isShort />,
          },
          { head: texts.found, cell: ({ found_at: at }) => <Instant at={at} /> },
        ]}
      />
    </>
  )
}
