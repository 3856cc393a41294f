import { type components, unwrap } from '@frontgate/client'
import { useQuery } from '@tanstack/react-query'
import { operatorClient } from './operatorClient.ts'

export type Catalogue = components['schemas']['AppliedCatalogue']

/** Plans, features and prices as they were applied. */
export function useCatalogue() {
  return useQuery({
    queryKey: ['operator', 'catalogue'],
    queryFn: async () => unwrap(await operatorClient.api.GET('/v1/operator/catalogue')),
    staleTime: 60_000,
  })
}
