import { Title } from '@mantine/core'
import { useTitle } from '../shell/useTitle.ts'
import { useWords } from '../words/words.ts'

/** What the account is on, and what can be done about it. */
export function BillingPage() {
  const { words } = useWords()
  useTitle(words.shell.billing)
  return <Title order={1}>{words.shell.billing}</Title>
}
