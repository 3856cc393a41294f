import type { components } from '@frontgate/client'
import { unwrap } from '@frontgate/client'
import { useQuery } from '@tanstack/react-query'
import { operatorClient } from '../operatorClient.ts'

export type OperatorAccount = components['schemas']['OperatorAccount']
export type Grant = components['schemas']['Grant']

/** One account as staff see it. */
export function useAccount(id: string) {
  return useQuery({
    queryKey: ['operator', 'account', id],
    queryFn: async () =>
      unwrap(await operatorClient.api.GET('/v1/operator/accounts/{id}', { params: { path: { id } } })),
  })
}
