import { type components, unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { useQuery } from '@tanstack/react-query'
import { client, queries } from '../../../client.ts'

export type Factors = components['schemas']['Factors']

/** The second factors of the reader. */
export function useFactors() {
  const { user } = useSession()
  return useQuery({
    queryKey: ['factors', user?.id],
    queryFn: async () => unwrap(await client.api.GET('/v1/me/factors')),
  })
}

/** Looks again, after something about them has changed. */
export async function factorsChanged(): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['factors'] }),
    queries.invalidateQueries({ queryKey: ['sessions'] }),
    queries.invalidateQueries({ queryKey: ['members'] }),
  ])
}
