import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import { client } from '../../client.ts'
import { Form, PasswordField, Submit } from '../../forms/form.tsx'
import { useWords } from '../../words/words.ts'
import { FaultText } from '../fault.tsx'
import { Section } from '../section.tsx'

/** Deletes the user themself. */
export function DeleteUser() {
  const { words } = useWords()
  const [isAsking, { open, close }] = useDisclosure()
  const own = words.account.settings
  return (
    <Section title={own.deleteTitle} lead={own.deleteLead}>
      <Button
        variant="default"
        c="light-dark(var(--mantine-color-red-9), var(--mantine-color-red-4))"
        w="fit-content"
        onClick={open}
      >
        {own.deleteStart}
      </Button>
      {isAsking && <DeleteDialog onClose={close} />}
    </Section>
  )
}

function DeleteDialog({ onClose }: { onClose: () => void }) {
  const { words, locale } = useWords()
  const { user, accounts } = useSession()
  const [isDeleted, setDeleted] = useState(false)
  const own = words.account.settings
  const owned = accounts.filter(({ role }) => role === 'owner').map(({ name }) => name)
  if (isDeleted) return <Deleted />
  return (
    <Modal
      opened
      onClose={onClose}
      title={own.deleteDialog}
      centered
      closeButtonProps={{ 'aria-label': words.shared.close }}
    >
      <Form
        explain={(thrown) => <FaultText error={thrown} />}
        onSubmit={async ({ password }) => {
          unwrap(await client.api.DELETE('/v1/me', { body: password ? { password } : {} }))
          setDeleted(true)
        }}
      >
        <Text>{own.deleteLead}</Text>
        {owned.length > 0 && (
          <Text fz="sm">{own.deleteAccounts(new Intl.ListFormat(locale).format(owned))}</Text>
        )}
        {user?.has_password ? (
          <PasswordField
            name="password"
            label={words.account.security.currentPassword}
            description={own.deletePassword}
            autoComplete="current-password"
            required
            data-autofocus
          />
        ) : (
          <Text fz="sm" c="dimmed">
            {own.deleteRecent}
          </Text>
        )}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            {words.shared.cancel}
          </Button>
          <Submit fullWidth={false} color="red.9">
            {own.deleteSubmit}
          </Submit>
        </Group>
      </Form>
    </Modal>
  )
}

/** There is nobody any more whose pages these would be: only the way out is left. */
function Deleted() {
  const { words } = useWords()
  const own = words.account.settings
  async function leave(): Promise<void> {
    await client.signOut().catch(() => {})
    location.assign('/')
  }
  return (
    <Modal opened onClose={() => void leave()} title={own.deletedTitle} centered withCloseButton={false}>
      <Stack gap="md">
        <Text>{own.deletedLead}</Text>
        <Button onClick={() => void leave()} data-autofocus>
          {own.deletedOut}
        </Button>
      </Stack>
    </Modal>
  )
}
