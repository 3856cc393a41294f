import { Button, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useWords } from '../../words/words.ts'
import { InviteForm } from '../members/inviteForm.tsx'
import { lookAgain } from './useOnboarding.ts'

/** Invites people. It stays until somebody goes on, so that what became of each can be read. */
export function InviteStep({ onStay, onDone }: { onStay: () => void; onDone: () => void }) {
  const { words } = useWords()
  const [hasSent, setSent] = useState(false)
  const own = words.account.welcome

  function stay(): void {
    onStay()
    setSent(true)
    void lookAgain()
  }

  return (
    <Stack gap="md">
      <Text>{own.inviteLead}</Text>
      <InviteForm onSent={stay} />
      {hasSent && <Button onClick={onDone}>{own.next}</Button>}
    </Stack>
  )
}
