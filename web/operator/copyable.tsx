import { ActionIcon, Box, CopyButton, Group, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useWords } from '../words/words.ts'

/** An id or a secret as a machine writes it, which a click copies. A short one shows the end, where ids differ. */
export function Copyable({ value, isShort = false }: { value: string; isShort?: boolean }) {
  const { words } = useWords()
  const shown = isShort && value.length > 14 ? `…${value.slice(-8)}` : value
  return (
    <Group gap={2} wrap="nowrap" display="inline-flex" maw="100%">
      <Box
        component="code"
        fz="0.92em"
        title={value}
        style={isShort ? { whiteSpace: 'nowrap' } : { overflowWrap: 'anywhere' }}
      >
        {shown}
      </Box>
      <CopyButton value={value} timeout={1500}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? words.shared.copied : words.shared.copy}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              onClick={copy}
              aria-label={`${copied ? words.shared.copied : words.shared.copy}: ${value}`}
            >
              {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  )
}
