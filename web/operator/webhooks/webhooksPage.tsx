import { Heading } from '../heading.tsx'
import { said } from '../words/words.ts'
import { AddEndpoint } from './addEndpoint.tsx'
import { Deliveries } from './deliveries.tsx'
import { Endpoints } from './endpoints.tsx'
import { useEndpoints } from './useEndpoints.ts'

/** Endpoints of products that are told of changes, and what became of what was sent to them. */
export function WebhooksPage() {
  const endpoints = useEndpoints()
  return (
    <>
      <Heading title={said.places.webhooks} lead={said.webhooks.lead}>
        <AddEndpoint />
      </Heading>
      <Endpoints pages={endpoints} />
      <Deliveries endpoints={endpoints.rows} />
    </>
  )
}
