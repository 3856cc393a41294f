import { type components, unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core'
import { IconDeviceDesktop, IconDeviceMobile } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client, queries } from '../../client.ts'
import { Failed } from '../../shell/failed.tsx'
import { useWords } from '../../words/words.ts'
import { allPages } from '../allPages.ts'
import { ConfirmDialog } from '../confirmDialog.tsx'
import { Fault } from '../fault.tsx'
import { Section } from '../section.tsx'
import { StatusBadge } from '../statusBadge.tsx'
import { useDates } from '../useDates.ts'

type Session = components['schemas']['Session']

/** Where somebody is signed in, and the end of it: of one, of all others, of all. */
export function SessionsSection() {
  const { words, locale } = useWords()
  const { user } = useSession()
  const [asking, setAsking] = useState<'others' | 'all' | null>(null)
  const {
    data: sessions,
    error,
    refetch,
  } = useQuery({
    queryKey: ['sessions', user?.id],
    queryFn: () =>
      allPages(async (query) => unwrap(await client.api.GET('/v1/auth/sessions', { params: { query } }))),
  })
  const end = useMutation({ mutationFn: endSessions })
  const own = words.account.security
  const others = sessions?.filter(({ current }) => !current) ?? []
  const sorted = [...(sessions?.filter(({ current }) => current) ?? []), ...others]
  return (
    <Section title={own.sessionsTitle} lead={own.sessionsLead}>
      {error && <Failed error={error} reset={() => void refetch()} />}
      {!sessions && !error && <Skeleton h={96} radius="md" />}
      <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
        {sorted.map((session) => (
          <Row
            key={session.id}
            session={session}
            isEnding={end.isPending && end.variables[0] === session.id}
            onEnd={() => end.mutate([session.id])}
          />
        ))}
      </Stack>
      <Fault error={end.error} />
      <Group gap="sm">
        {others.length > 0 && (
          <Button variant="default" size="xs" onClick={() => setAsking('others')}>
            {own.endOthers}
          </Button>
        )}
        <Button variant="subtle" color="red" size="xs" onClick={() => setAsking('all')}>
          {own.endAll}
        </Button>
      </Group>
      {asking === 'others' && (
        <ConfirmDialog
          title={own.endOthersTitle}
          submit={own.endOthers}
          isDangerous
          onClose={() => setAsking(null)}
          onConfirm={() => endSessions(others.map(({ id }) => id))}
        >
          {own.endOthersLead(new Intl.NumberFormat(locale).format(others.length))}
        </ConfirmDialog>
      )}
      {asking === 'all' && (
        <ConfirmDialog
          title={own.endAllTitle}
          submit={own.endAll}
          isDangerous
          onClose={() => setAsking(null)}
          onConfirm={async () => unwrap(await client.api.POST('/v1/auth/logout-all', { body: {} }))}
        >
          {own.endAllLead}
        </ConfirmDialog>
      )}
    </Section>
  )
}

function Row({ session, isEnding, onEnd }: { session: Session; isEnding: boolean; onEnd: () => void }) {
  const { words } = useWords()
  const sayDate = useDates()
  const { device, ip, current } = session
  const own = words.account.security
  const Icon = /iPhone|iPad|Android/i.test(device) ? IconDeviceMobile : IconDeviceDesktop
  return (
    <Group component="li" gap="sm" wrap="nowrap" align="flex-start">
      <Icon size={24} stroke={1.5} aria-hidden style={{ flexShrink: 0 }} />
      <div style={{ flex: 1, minWidth: 0 }}>
        <Group gap={6}>
          <Text fw={500}>{device}</Text>
          {current && (
            <StatusBadge size="sm" color="green">
              {own.thisOne}
            </StatusBadge>
          )}
        </Group>
        <Text fz="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {ip && `${ip} · `}
          {own.lastSeen(sayDate(session.last_seen_at))} · {own.signedIn(sayDate(session.created_at))}
        </Text>
      </div>
      {!current && (
        <Button
          variant="default"
          size="xs"
          aria-label={own.endFor(device)}
          loading={isEnding}
          onClick={onEnd}
        >
          {own.end}
        </Button>
      )}
    </Group>
  )
}

/** One that has ended by itself meanwhile is none the less over. */
async function endSessions(ids: string[]): Promise<void> {
  for (const id of ids) {
    const reply = await client.api.DELETE('/v1/auth/sessions/{id}', { params: { path: { id } } })
    if (reply.response.status !== 404) unwrap(reply)
  }
  await queries.invalidateQueries({ queryKey: ['sessions'] })
}
