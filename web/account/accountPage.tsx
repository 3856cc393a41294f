import { useSession } from '@frontgate/client/react'
import { Title } from '@mantine/core'
import { useTitle } from '../shell/useTitle.ts'
import { useWords } from '../words/words.ts'

/** The account itself and the user in it. */
export function AccountPage() {
  const { words } = useWords()
  const { account } = useSession()
  useTitle(words.shell.account)
  return <Title order={1}>{account?.name}</Title>
}
