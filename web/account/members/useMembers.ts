import { type components, unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { useQuery } from '@tanstack/react-query'
import { client, queries } from '../../client.ts'
import { allPages } from '../allPages.ts'

export type Member = components['schemas']['Member']
export type Invite = components['schemas']['Invite']

/** Everybody who is in the current account, the newest first. */
export function useMembers() {
  const { account } = useSession()
  return useQuery({
    queryKey: ['members', account?.id],
    queryFn: () =>
      allPages(async (query) =>
        unwrap(await client.api.GET('/v1/accounts/me/members', { params: { query } })),
      ),
  })
}

/** Invites that are out or have expired, for those who may see them. */
export function useInvites(isAllowed: boolean) {
  const { account } = useSession()
  return useQuery({
    queryKey: ['invites', account?.id],
    enabled: isAllowed,
    queryFn: () =>
      allPages(async (query) =>
        unwrap(await client.api.GET('/v1/accounts/me/invites', { params: { query } })),
      ),
    select: (invites) => openOnes(invites),
  })
}

/** Of several that went to one address, the newest; none to whoever has joined by a later one. */
function openOnes(invites: Invite[]): Invite[] {
  const seen = new Set<string>()
  return invites.filter(({ email, status }) => {
    if (seen.has(email)) return false
    seen.add(email)
    return status === 'pending' || status === 'expired'
  })
}

/** Looks again who is in the account and who is invited. */
export async function refreshMembers(): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['members'] }),
    queries.invalidateQueries({ queryKey: ['invites'] }),
  ])
}
