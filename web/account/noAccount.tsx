import { useSession } from '@frontgate/client/react'
import { Button, Group, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { client } from '../client.ts'
import { useWords } from '../words/words.ts'
import { ClosedAccounts } from './closedAccounts.tsx'
import { CreateAccountDialog } from './createAccountDialog.tsx'
import { Fault } from './fault.tsx'
import { PageHead } from './pageHead.tsx'
import { refreshSession } from './refreshSession.ts'

/** For a user who is in no account: how to get into one. */
export function NoAccount() {
  const { words } = useWords()
  const { user, accounts } = useSession()
  const [isCreating, { open, close }] = useDisclosure()
  const look = useMutation({ mutationFn: refreshSession })
  const change = useMutation({ mutationFn: (id: string) => client.switchAccount(id) })
  const own = words.account.none
  return (
    <Stack gap="lg">
      <PageHead title={own.title} lead={own.lead} />
      <Text fz="sm" c="dimmed">
        {own.address(user?.email ?? '')}
      </Text>
      <Group gap="sm">
        <Button onClick={open}>{own.create}</Button>
        <Button variant="default" loading={look.isPending} onClick={() => look.mutate()}>
          {own.look}
        </Button>
      </Group>
      {accounts.length > 0 && (
        <Stack gap="xs" align="flex-start">
          <Text>{own.others}</Text>
          {accounts.map(({ id, name }) => (
            <Button key={id} variant="default" maw="100%" onClick={() => change.mutate(id)}>
              {name}
            </Button>
          ))}
        </Stack>
      )}
      <Fault error={look.error ?? change.error} />
      <ClosedAccounts />
      {isCreating && <CreateAccountDialog onClose={close} />}
    </Stack>
  )
}
