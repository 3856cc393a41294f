import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { client } from '../client.ts'
import { LinkButton } from '../visitor/linkButton.tsx'
import { useWords } from '../words/words.ts'
import { ConfirmDialog } from './confirmDialog.tsx'
import { PageHead } from './pageHead.tsx'
import { refreshSession } from './refreshSession.ts'

/** In place of what an account shows, where it asks for a second factor that has not proved the session. */
export function NeedsFactor() {
  const { words } = useWords()
  const { account } = useSession()
  const [isLeaving, setLeaving] = useState(false)
  if (!account) return null
  const own = words.factor
  const { leave, leaveTitle, leaveLead, leaveSubmit } = words.account.members
  return (
    <Stack gap="lg">
      <PageHead title={own.neededTitle(account.name)} lead={own.neededLead} />
      <Text>{own.neededWay}</Text>
      <Group gap="sm">
        <LinkButton to="/security">{own.toSecurity}</LinkButton>
        {account.role !== 'owner' && (
          <Button variant="default" onClick={() => setLeaving(true)}>
            {leave}
          </Button>
        )}
      </Group>
      {isLeaving && (
        <ConfirmDialog
          title={leaveTitle(account.name)}
          submit={leaveSubmit}
          isDangerous
          onClose={() => setLeaving(false)}
          onConfirm={async () => {
            unwrap(await client.api.POST('/v1/accounts/me/leave', { body: {} }))
            await refreshSession()
          }}
        >
          {leaveLead}
        </ConfirmDialog>
      )}
    </Stack>
  )
}
