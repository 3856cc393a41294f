import { unwrap } from '@frontgate/client'
import { Box, Center, Modal, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { QRCodeSVG } from 'qrcode.react'
import { client } from '../../../client.ts'
import { CodeField } from '../../../factors/codeField.tsx'
import { Form, Submit } from '../../../forms/form.tsx'
import { Loading } from '../../../shell/loading.tsx'
import { useWords } from '../../../words/words.ts'
import { Fault, FaultText } from '../../fault.tsx'
import { CopyText } from './copyText.tsx'

interface SetUpTotpProps {
  onDone: (codes: string[] | undefined) => Promise<void>
  onClose: () => void
}

/** Shows the secret to an authenticator app, and asks for a code that proves that it has it. */
export function SetUpTotp({ onDone, onClose }: SetUpTotpProps) {
  const { words } = useWords()
  const own = words.factor
  const { data: offer, error } = useQuery({
    queryKey: ['totp-offer'],
    queryFn: async () => unwrap(await client.api.POST('/v1/me/factors/totp', { body: {} })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={own.setUpFor}
      centered
      closeButtonProps={{ 'aria-label': words.shared.close }}
    >
      <Fault error={error} />
      {!offer && !error && <Loading />}
      {offer && (
        <Stack gap="md">
          <Text>{own.scan}</Text>
          <Center>
            {/* Black on white whatever the page's colors are: apps read nothing else well. */}
            <Box bg="white" p="md" style={{ borderRadius: 8, lineHeight: 0 }}>
              <QRCodeSVG value={offer.uri} size={192} role="img" title={own.qr} />
            </Box>
          </Center>
          <Stack gap={4}>
            <Text fz="sm" c="dimmed">
              {own.typeKey}
            </Text>
            <CopyText text={offer.secret.replaceAll(/.{4}(?=.)/g, '$& ')} copied={offer.secret} />
          </Stack>
          <Form
            explain={(thrown) => <FaultText error={thrown} />}
            onSubmit={async ({ code = '' }) => {
              const reply = await client.api.POST('/v1/me/factors/totp/confirm', { body: { code } })
              await onDone(unwrap(reply).recovery_codes)
            }}
          >
            <CodeField />
            <Submit>{own.confirm}</Submit>
          </Form>
        </Stack>
      )}
    </Modal>
  )
}
