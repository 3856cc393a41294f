import { useSession } from '@frontgate/client/react'
import { Button, Menu } from '@mantine/core'
import { client } from '../client.ts'
import { useWords } from '../words/words.ts'

/** Which account it is about, the others, and the way out. */
export function AccountMenu() {
  const { words } = useWords()
  const { account, user } = useSession()
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default">{account?.name ?? user?.email}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void client.signOut()}>{words.shell.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
