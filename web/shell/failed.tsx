import { Alert, Button, Stack } from '@mantine/core'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { useWords } from '../words/words.ts'

/** In place of what could not be shown: why, and a way to try again. */
export function Failed({ error, reset }: { error: unknown; reset?: () => void }) {
  const { words } = useWords()
  const say = useSayProblem()
  return (
    <Alert color="red" role="alert" my="md">
      <Stack align="flex-start" gap="sm">
        {say(error)}
        <Button variant="default" size="xs" onClick={() => (reset ? reset() : location.reload())}>
          {words.shared.tryAgain}
        </Button>
      </Stack>
    </Alert>
  )
}
