import { Box, Button, CopyButton, Group } from '@mantine/core'
import { useWords } from '../../../words/words.ts'

/** Something to be typed elsewhere, or copied. */
export function CopyText({ text, copied }: { text: string; copied: string }) {
  const { words } = useWords()
  return (
    <Group gap="sm" wrap="nowrap" justify="space-between">
      <Box component="code" fz="sm" style={{ overflowWrap: 'anywhere' }}>
        {text}
      </Box>
      <CopyButton value={copied} timeout={1500}>
        {({ copied: isCopied, copy }) => (
          <Button variant="default" size="xs" onClick={copy} style={{ flexShrink: 0 }}>
            {isCopied ? words.shared.copied : words.shared.copy}
          </Button>
        )}
      </CopyButton>
    </Group>
  )
}
