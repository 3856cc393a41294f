import { useBillingState } from '@frontgate/client/react'
import { useMutation } from '@tanstack/react-query'
import { queries } from '../client.ts'

/** Changes something about what the account pays for; everything that is shown of it is looked at anew before it is done. */
export function useBillingChange<Order = void>(change: (order: Order) => Promise<unknown>) {
  const { refresh } = useBillingState()
  return useMutation({
    mutationFn: async (order: Order) => {
      try {
        return await change(order)
      } finally {
        // Also of a failure: somebody else may have been faster.
        await Promise.all([
          refresh(),
          ...['invoices', 'entitlements', 'usage'].map((key) =>
            queries.invalidateQueries({ queryKey: [key] }),
          ),
        ])
      }
    },
  })
}
