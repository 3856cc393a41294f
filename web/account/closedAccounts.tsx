import { Button, Group, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useWords } from '../words/words.ts'
import { Fault } from './fault.tsx'
import { reopenAccount } from './reopenAccount.ts'
import { Section } from './section.tsx'
import { useClosedAccounts } from './useClosedAccounts.ts'
import { useDates } from './useDates.ts'

/** Closed accounts with the way to open them again; nothing where there are none. */
export function ClosedAccounts() {
  const { words } = useWords()
  const sayDate = useDates()
  const { data: closed = [] } = useClosedAccounts()
  const reopen = useMutation({ mutationFn: reopenAccount })
  if (closed.length === 0) return null
  const own = words.account.closed
  return (
    <Section title={own.title} lead={own.lead}>
      <Stack gap="sm">
        {closed.map(({ id, name, purge_due_at: until }) => (
          <Group key={id} justify="space-between" gap="xs">
            <div style={{ minWidth: 0, flex: '1 1 12rem' }}>
              <Text fw={500}>{name}</Text>
              {until && (
                <Text fz="sm" c="dimmed">
                  {own.until(sayDate(until))}
                </Text>
              )}
            </div>
            <Button
              variant="default"
              size="xs"
              aria-label={words.account.menu.reopen(name)}
              loading={reopen.isPending && reopen.variables === id}
              onClick={() => reopen.mutate(id)}
            >
              {own.reopen}
            </Button>
          </Group>
        ))}
      </Stack>
      <Fault error={reopen.error} />
    </Section>
  )
}
