import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Button, Group, Modal, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { client } from '../../client.ts'
import { Field, Form, Submit } from '../../forms/form.tsx'
import { useWords } from '../../words/words.ts'
import { FaultText } from '../fault.tsx'
import { refreshSession } from '../refreshSession.ts'
import { Section } from '../section.tsx'

/** Closes the account, once its name is repeated. */
export function CloseAccount() {
  const { words } = useWords()
  const { account } = useSession()
  const [isAsking, { open, close }] = useDisclosure()
  const own = words.account.settings
  if (!account) return null
  const isOwner = account.role === 'owner'
  return (
    <Section title={own.closeTitle} lead={isOwner ? own.closeLead(account.name) : own.closeLimited}>
      {isOwner && (
        <Button
          variant="default"
          c="light-dark(var(--mantine-color-red-9), var(--mantine-color-red-4))"
          w="fit-content"
          onClick={open}
        >
          {own.closeStart}
        </Button>
      )}
      {isAsking && <CloseDialog name={account.name} onClose={close} />}
    </Section>
  )
}

function CloseDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { words } = useWords()
  const navigate = useNavigate()
  const own = words.account.settings
  return (
    <Modal
      opened
      onClose={onClose}
      title={own.closeDialog(name)}
      centered
      closeButtonProps={{ 'aria-label': words.shared.close }}
    >
      <Form
        explain={(thrown) => <FaultText error={thrown} />}
        onSubmit={async ({ confirm = '' }) => {
          unwrap(await client.api.DELETE('/v1/accounts/me', { body: { confirm } }))
          await navigate({ to: '/account', search: { notice: 'closed' } as never })
          await refreshSession()
        }}
      >
        <Text>
          {own.closeLead(name)} {own.closeSubscribed}
        </Text>
        <Field name="confirm" label={own.closeConfirm(name)} autoComplete="off" required data-autofocus />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            {words.shared.cancel}
          </Button>
          <Submit fullWidth={false} color="red.9">
            {own.closeSubmit}
          </Submit>
        </Group>
      </Form>
    </Modal>
  )
}
