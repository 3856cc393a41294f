import { Alert, Button, CopyButton, Group, Modal, SimpleGrid, Stack, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { productName } from '../../../settings.ts'
import { saveFile } from '../../../shell/saveFile.ts'
import { useWords } from '../../../words/words.ts'

/** Recovery codes, which nobody can see again once this is closed. */
export function RecoveryCodes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const { words } = useWords()
  const own = words.factor
  const text = `${own.fileTitle(productName)}\n\n${codes.join('\n')}\n`
  return (
    <Modal
      opened
      onClose={onClose}
      title={own.codesTitle}
      centered
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': words.shared.close }}
    >
      <Stack gap="md">
        <Alert color="yellow" variant="outline">
          <Text fz="sm">{own.codesLead}</Text>
        </Alert>
        <SimpleGrid
          component="ul"
          cols={{ base: 1, xs: 2 }}
          spacing="xs"
          verticalSpacing="xs"
          p={0}
          m={0}
          style={{ listStyle: 'none' }}
          aria-label={own.codesTitle}
        >
          {codes.map((code) => (
            <Text component="li" key={code} ff="monospace">
              {code}
            </Text>
          ))}
        </SimpleGrid>
        <Group gap="sm">
          <CopyButton value={codes.join('\n')} timeout={1500}>
            {({ copied, copy }) => (
              <Button variant="default" size="xs" onClick={copy}>
                {copied ? words.shared.copied : words.shared.copy}
              </Button>
            )}
          </CopyButton>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => saveFile(new Blob([text], { type: 'text/plain' }), own.fileName)}
          >
            {own.download}
          </Button>
        </Group>
        <Button onClick={onClose}>{own.codesKept}</Button>
      </Stack>
    </Modal>
  )
}
