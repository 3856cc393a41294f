import { Center, Loader, VisuallyHidden } from '@mantine/core'
import { useWords } from '../words/words.ts'

/** While something is on its way. */
export function Loading() {
  const { words } = useWords()
  return (
    <Center mih="40vh" role="status">
      <Loader type="dots" />
      <VisuallyHidden>{words.shared.loading}</VisuallyHidden>
    </Center>
  )
}
