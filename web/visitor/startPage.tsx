import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { useQuery } from '@tanstack/react-query'
import { client } from '../client.ts'
import { Loading } from '../shell/loading.tsx'
import { GoOn } from './goOn.tsx'

/** Leads strangers to the plans, and whoever is signed in to where they were: the first steps, or the account. */
export function StartPage() {
  const { status, problem, account } = useSession()
  const { data, isError } = useQuery({
    queryKey: ['onboarding', account?.id],
    queryFn: async () => unwrap(await client.api.GET('/v1/accounts/me/onboarding')),
    enabled: account !== null,
  })
  if (status === 'signed-out' || problem) return <GoOn to="/pricing" />
  if (status === 'loading' || (account && !data && !isError)) return <Loading />
  return <GoOn to={data && !data.completed ? '/welcome' : '/account'} />
}
