import { Box, Code, Text } from '@mantine/core'

/** What a machine wrote, folded away under its own name. */
export function Raw({ name, details }: { name: string; details: object }) {
  const known = Object.entries(details).filter(([, value]) => value !== null && value !== undefined)
  if (known.length === 0) {
    return (
      <Text component="code" fz="xs" c="dimmed">
        {name}
      </Text>
    )
  }
  return (
    <Box component="details" fz="xs">
      <Text component="summary" fz="xs" c="dimmed" style={{ cursor: 'pointer' }}>
        <code>{name}</code>
      </Text>
      <Code block fz="xs" mt={4} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {JSON.stringify(Object.fromEntries(known), null, 2)}
      </Code>
    </Box>
  )
}
