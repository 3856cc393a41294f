import { unwrap } from '@frontgate/client'
import { useQuery } from '@tanstack/react-query'
import { client } from '../client.ts'

/** The plans for sale, from the lowest to the highest. */
export function usePlans() {
  return useQuery({
    queryKey: ['plans'],
    queryFn: async () => unwrap(await client.api.GET('/v1/plans')).data,
    staleTime: 5 * 60_000,
  })
}
