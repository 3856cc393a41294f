import { unwrap } from '@frontgate/client'
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { client } from '../client.ts'
import { Field, Form, Submit } from '../forms/form.tsx'
import { useWords } from '../words/words.ts'
import { FaultText } from './fault.tsx'

/** Creates another account, goes on in it, and begins with its first steps. */
export function CreateAccountDialog({ onClose }: { onClose: () => void }) {
  const { words } = useWords()
  const navigate = useNavigate()
  const own = words.account.create
  return (
    <Modal
      opened
      onClose={onClose}
      title={own.title}
      centered
      closeButtonProps={{ 'aria-label': words.shared.close }}
    >
      <Form
        explain={(thrown) => <FaultText error={thrown} />}
        onSubmit={async ({ name = '' }) => {
          const { id } = unwrap(await client.api.POST('/v1/accounts', { body: { name } }))
          await client.switchAccount(id)
          onClose()
          await navigate({ to: '/welcome' })
        }}
      >
        <Stack gap={4}>
          <Text>{own.lead}</Text>
          <Text fz="sm" c="dimmed">
            {own.noTrial}
          </Text>
        </Stack>
        <Field
          name="name"
          label={own.name}
          placeholder={own.placeholder}
          autoComplete="organization"
          maxLength={120}
          required
          data-autofocus
        />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            {words.shared.cancel}
          </Button>
          <Submit fullWidth={false}>{own.submit}</Submit>
        </Group>
      </Form>
    </Modal>
  )
}
