import { initialsOf, useBillingState, useSession } from '@frontgate/client/react'
import { Avatar, Menu, Text, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconCheck, IconChevronDown, IconLogout, IconPlus, IconRotate2 } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { client } from '../client.ts'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { useWords } from '../words/words.ts'
import { CreateAccountDialog } from './createAccountDialog.tsx'
import { reopenAccount } from './reopenAccount.ts'
import { StatusBadge } from './statusBadge.tsx'
import { useClosedAccounts } from './useClosedAccounts.ts'
import { useDates } from './useDates.ts'

/** Which account it is about and on what plan, the others, who is signed in, and the way out. */
export function AccountMenu() {
  const { words } = useWords()
  const say = useSayProblem()
  const sayDate = useDates()
  const { account, accounts, user } = useSession()
  const { state } = useBillingState()
  const [isOpen, { open, close, toggle }] = useDisclosure()
  const [isCreating, creating] = useDisclosure()
  const { data: closed = [] } = useClosedAccounts(isOpen)
  const act = useMutation({ mutationFn: (work: () => Promise<unknown>) => work(), onSuccess: close })
  if (!user) return null
  const own = words.account.menu
  const name = account?.name ?? user.name ?? user.email
  const detail = account ? (state?.plan_billing.display_name ?? words.shared.roles[account.role]) : ''
  const truncated = { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' } as const
  return (
    <>
      <Menu
        position="bottom-end"
        width={300}
        opened={isOpen}
        onChange={(next) => (next ? open() : close())}
        closeOnItemClick={false}
        withInitialFocusPlaceholder={false}
      >
        <Menu.Target>
          <UnstyledButton
            onClick={toggle}
            style={{ display: 'flex', alignItems: 'center', gap: 8, minWidth: 0, borderRadius: 8 }}
          >
            <VisuallyHidden>{own.label}</VisuallyHidden>
            <Avatar size={30} radius="xl" color="accent" aria-hidden>
              {initialsOf(user.name ?? user.email)}
            </Avatar>
            <Text span fw={500} fz="sm" style={truncated} maw={{ base: 110, xs: 200, sm: 260 }}>
              {name}
            </Text>
            {detail && <StatusBadge visibleFrom="xs">{detail}</StatusBadge>}
            <IconChevronDown size={16} aria-hidden style={{ flexShrink: 0 }} />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown mah="80vh" style={{ overflowY: 'auto' }}>
          <Menu.Label>
            {own.signedInAs}
            <Text fz="sm" fw={500} c="var(--mantine-color-text)" style={truncated}>
              {user.name ?? user.email}
            </Text>
            {user.name && (
              <Text fz="xs" style={truncated}>
                {user.email}
              </Text>
            )}
          </Menu.Label>
          <Menu.Divider />
          {accounts.length > 0 && <Menu.Label>{account ? own.others : words.account.none.others}</Menu.Label>}
          {accounts.map((each) => (
            <Menu.Item
              key={each.id}
              aria-current={each.id === account?.id || undefined}
              leftSection={<IconCheck size={16} aria-hidden opacity={each.id === account?.id ? 1 : 0} />}
              disabled={act.isPending}
              onClick={() =>
                each.id === account?.id ? close() : act.mutate(() => client.switchAccount(each.id))
              }
            >
              <div>{each.name}</div>
              <Text fz="xs" c="dimmed">
                {words.shared.roles[each.role]}
              </Text>
            </Menu.Item>
          ))}
          {closed.length > 0 && (
            <>
              <Menu.Divider />
              <Menu.Label>{own.closed}</Menu.Label>
              {closed.map(({ id, name: closedName, purge_due_at: until }) => (
                <Menu.Item
                  key={id}
                  leftSection={<IconRotate2 size={16} aria-hidden />}
                  disabled={act.isPending}
                  onClick={() => act.mutate(() => reopenAccount(id))}
                >
                  <div>{own.reopen(closedName)}</div>
                  {until && (
                    <Text fz="xs" c="dimmed">
                      {own.until(sayDate(until))}
                    </Text>
                  )}
                </Menu.Item>
              ))}
            </>
          )}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconPlus size={16} aria-hidden />}
            onClick={() => {
              close()
              creating.open()
            }}
          >
            {own.create}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconLogout size={16} aria-hidden />}
            disabled={act.isPending}
            onClick={() => act.mutate(() => client.signOut())}
          >
            {words.shell.signOut}
          </Menu.Item>
          {act.isError && (
            <Text role="alert" c="red" fz="sm" p="xs">
              {say(act.error)}
            </Text>
          )}
        </Menu.Dropdown>
      </Menu>
      {isCreating && <CreateAccountDialog onClose={creating.close} />}
    </>
  )
}
