import { unwrap } from '@frontgate/client'
import { useQuery } from '@tanstack/react-query'
import { client } from '../client.ts'

/** What the account may use, and what of it is used. */
export function useEntitlements() {
  return useQuery({
    queryKey: ['entitlements'],
    queryFn: async () => unwrap(await client.api.GET('/v1/entitlements')),
  })
}
