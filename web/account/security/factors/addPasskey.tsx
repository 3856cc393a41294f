import { unwrap } from '@frontgate/client'
import { Modal, Stack, Text } from '@mantine/core'
import { client } from '../../../client.ts'
import { isOfBrowser, makePasskey } from '../../../factors/passkeys.ts'
import { Field, Form, Submit } from '../../../forms/form.tsx'
import { useWords } from '../../../words/words.ts'
import { FaultText } from '../../fault.tsx'

interface AddPasskeyProps {
  onDone: (codes: string[] | undefined) => Promise<void>
  onClose: () => void
}

/** Names a passkey and has the browser make it. */
export function AddPasskey({ onDone, onClose }: AddPasskeyProps) {
  const { words } = useWords()
  const own = words.factor
  return (
    <Modal
      opened
      onClose={onClose}
      title={own.addPasskey}
      centered
      closeButtonProps={{ 'aria-label': words.shared.close }}
    >
      <Stack gap="md">
        <Text>{own.passkeyLead}</Text>
        <Form
          explain={(thrown) => (isOfBrowser(thrown) ? own.passkeyUnmade : <FaultText error={thrown} />)}
          onSubmit={async ({ name = '' }) => {
            const options = unwrap(await client.api.POST('/v1/me/factors/passkeys/options', { body: {} }))
            const response = (await makePasskey(options)) as never
            const reply = await client.api.POST('/v1/me/factors/passkeys', { body: { name, response } })
            await onDone(unwrap(reply).recovery_codes)
          }}
        >
          <Field
            name="name"
            label={own.passkeyName}
            description={own.passkeyNameHint}
            autoComplete="off"
            maxLength={100}
            required
          />
          <Submit>{own.addPasskey}</Submit>
        </Form>
      </Stack>
    </Modal>
  )
}
