import { Alert, Stack, Text } from '@mantine/core'
import { Copyable } from './copyable.tsx'

/** A secret that nobody can see again once this is closed. */
export function ShownOnce({ says, secret }: { says: string; secret: string }) {
  return (
    <Stack>
      <Alert color="yellow" variant="outline">
        <Text fz="sm">{says}</Text>
      </Alert>
      <Copyable value={secret} />
    </Stack>
  )
}
