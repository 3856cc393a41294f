import { useServiceTime, useSession } from '@frontgate/client/react'
import { Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { client } from '../../client.ts'
import { useWords } from '../../words/words.ts'
import { Fault } from '../fault.tsx'
import { refreshSession } from '../refreshSession.ts'
import { ResendLink } from '../resendLink.tsx'
import { useDates } from '../useDates.ts'
import { lookAgain } from './useOnboarding.ts'

/** Waits for the mailed link, which may be opened elsewhere. */
export function VerifyStep({ onDone }: { onDone: () => void }) {
  const { words } = useWords()
  const { user } = useSession()
  const now = useServiceTime()
  const sayDate = useDates()
  const check = useMutation({
    mutationFn: async () => {
      await refreshSession()
      await lookAgain()
      return client.session.user?.email_verified === true
    },
    onSuccess: (isVerified) => isVerified && onDone(),
  })
  if (!user) return null
  const own = words.account.welcome
  if (user.email_verified) {
    return (
      <Stack gap="md">
        <Text>{own.verifyDone}</Text>
        <Button onClick={onDone}>{own.next}</Button>
      </Stack>
    )
  }
  const end = user.verification_grace_ends_at
  return (
    <Stack gap="md">
      <Text>{own.verifyLead(user.email)}</Text>
      <Text fz="sm" c="dimmed">
        {end && new Date(end) > now() ? own.verifyGrace(sayDate(end)) : own.verifyOver}
      </Text>
      <Group gap="sm" align="flex-start">
        <Button loading={check.isPending} onClick={() => check.mutate()}>
          {own.check}
        </Button>
        <ResendLink size="sm" />
      </Group>
      <Text fz="sm" role="status">
        {check.data === false && own.notYet}
      </Text>
      <Fault error={check.error} />
      <Text fz="sm" c="dimmed">
        {own.verifyWrong}{' '}
        <Anchor component={Link} to="/security" inherit underline="always">
          {own.verifyChange}
        </Anchor>
      </Text>
    </Stack>
  )
}
