import { createClient } from '@frontgate/client'
import { QueryClient } from '@tanstack/react-query'

/** The one client of these pages. The access token is in its memory, the session in a cookie that no script reads. */
export const client = createClient()

/** What has been asked for. Whose it is changes with the session: then all of it is forgotten. */
export const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 10_000, retry: 1 } },
})

let caller = ''
client.subscribe(() => {
  const { user, account } = client.session
  const now = `${user?.id} ${account?.id}`
  if (caller && now !== caller) queries.clear()
  caller = now
})
