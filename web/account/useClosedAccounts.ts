import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { useQuery } from '@tanstack/react-query'
import { client } from '../client.ts'
import { allPages } from './allPages.ts'

/** Accounts of the user that are closed and that they can reopen. */
export function useClosedAccounts(isWanted = true) {
  const { user } = useSession()
  return useQuery({
    queryKey: ['closed-accounts', user?.id],
    enabled: isWanted && user !== null,
    queryFn: () =>
      allPages(async (page) =>
        unwrap(await client.api.GET('/v1/accounts', { params: { query: { ...page, closed: true } } })),
      ),
  })
}
