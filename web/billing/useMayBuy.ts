import { useSession } from '@frontgate/client/react'

/** Whether whoever looks may change what the account pays for. */
export function useMayBuy(): boolean {
  const { account } = useSession()
  return account?.role === 'owner' || account?.role === 'admin'
}
