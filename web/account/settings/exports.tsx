import { useSession } from '@frontgate/client/react'
import { Button, Group, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useWords } from '../../words/words.ts'
import { Fault } from '../fault.tsx'
import { Section } from '../section.tsx'
import { download } from './download.ts'
import { formatBytes } from './formatBytes.ts'

/** What is kept, to take along: of the user, and for owners of the account. */
export function Exports() {
  const { words } = useWords()
  const { account } = useSession()
  const own = words.account.settings
  return (
    <Section title={own.exportTitle} lead={own.exportLead}>
      <Export path="/v1/me/export" file="my-data.zip" title={own.exportMe} lead={own.exportMeLead} />
      {account?.role === 'owner' && (
        <Export
          path="/v1/accounts/me/export"
          file="account-data.zip"
          title={own.exportAccount(account.name)}
          lead={own.exportAccountLead}
        />
      )}
      {account && account.role !== 'owner' && (
        <div>
          <Text fw={500}>{own.exportAccount(account.name)}</Text>
          <Text fz="sm" c="dimmed">
            {own.exportAccountLimited}
          </Text>
        </div>
      )}
    </Section>
  )
}

function Export({ path, file, title, lead }: { path: string; file: string; title: string; lead: string }) {
  const { words, locale } = useWords()
  const [size, setSize] = useState(0)
  const fetching = useMutation({
    mutationFn: () => {
      setSize(0)
      return download(path, file, setSize)
    },
  })
  const own = words.account.settings
  const written = formatBytes(size, locale)
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="xs" align="flex-start">
        <div style={{ flex: '1 1 14rem', minWidth: 0 }}>
          <Text fw={500}>{title}</Text>
          <Text fz="sm" c="dimmed">
            {lead}
          </Text>
        </div>
        <Button
          variant="default"
          size="xs"
          aria-label={own.exportFor(title)}
          loading={fetching.isPending}
          onClick={() => fetching.mutate()}
        >
          {own.exportStart}
        </Button>
      </Group>
      <Text fz="sm" role="status" hidden={fetching.isIdle || fetching.isError}>
        {fetching.isPending && own.exporting(written)}
        {fetching.isSuccess && own.exported(written)}
      </Text>
      <Fault error={fetching.error} />
    </Stack>
  )
}
