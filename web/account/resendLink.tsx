import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Button, type ButtonProps, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { client } from '../client.ts'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { useWords } from '../words/words.ts'

/** Mails the link again by which an address is verified, and says what came of it. */
export function ResendLink(props: ButtonProps) {
  const { words } = useWords()
  const say = useSayProblem()
  const { user } = useSession()
  const resend = useMutation({
    mutationFn: async () => unwrap(await client.api.POST('/v1/auth/email/resend', { body: {} })),
  })
  return (
    <Stack gap={6} align="flex-start">
      <Button
        variant="default"
        size="xs"
        {...props}
        loading={resend.isPending}
        onClick={() => resend.mutate()}
      >
        {words.account.verify.resend}
      </Button>
      <Text fz="sm" role="status" {...(resend.isError && { c: 'red' })}>
        {resend.isSuccess && words.account.verify.sent(user?.email ?? '')}
        {resend.isError && say(resend.error)}
      </Text>
    </Stack>
  )
}
