import { type components, unwrap } from '@frontgate/client'
import { operatorClient } from '../operatorClient.ts'
import { usePages } from '../usePages.ts'

export type Endpoint = components['schemas']['WebhookEndpoint']

/** The endpoints that are told of changes. */
export function useEndpoints() {
  return usePages<Endpoint>(['webhook-endpoints'], async (page) =>
    unwrap(await operatorClient.api.GET('/v1/operator/webhooks/endpoints', { params: { query: page } })),
  )
}
