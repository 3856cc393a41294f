import { unwrap } from '@frontgate/client'
import { Button, type ButtonProps, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { client } from '../client.ts'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { useWayBack } from './useWayBack.ts'

/** Leaves for a page of Stripe's, whose address is asked for when it is pressed: it is good for minutes. */
function useLeave<What>(find: (what: What) => Promise<string>) {
  const { mutate, error, isPending, isSuccess, reset } = useMutation({
    mutationFn: find,
    onSuccess: (url) => location.assign(url),
  })
  useWayBack(reset)
  return { leave: mutate, error, isLeaving: isPending || isSuccess }
}

interface PortalButtonProps extends ButtonProps {
  flow?: 'payment_method'
  children: ReactNode
}

/** The way into Stripe's portal, and what kept it shut. */
export function PortalButton({ flow, children, ...props }: PortalButtonProps) {
  const say = useSayProblem()
  const { leave, error, isLeaving } = useLeave(async () => {
    const body = flow ? { flow } : {}
    return unwrap(await client.api.POST('/v1/billing/portal-session', { body })).url
  })
  return (
    <Stack gap={4} align="flex-start">
      <Button {...props} loading={isLeaving} onClick={() => leave(undefined)}>
        {children}
      </Button>
      {error && (
        <Text c="red" fz="sm" role="alert">
          {say(error)}
        </Text>
      )}
    </Stack>
  )
}
