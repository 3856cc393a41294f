import { type components, unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Alert, Button, Group, Skeleton, Stack, Text } from '@mantine/core'
import { IconBrandGoogleFilled, IconBrandWindowsFilled, IconPassword } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client, queries } from '../../client.ts'
import { settings } from '../../settings.ts'
import { Failed } from '../../shell/failed.tsx'
import { useWords } from '../../words/words.ts'
import { allPages } from '../allPages.ts'
import { ConfirmDialog } from '../confirmDialog.tsx'
import { ResendLink } from '../resendLink.tsx'
import { Section } from '../section.tsx'
import { useDates } from '../useDates.ts'
import { providerTitle } from './providers.ts'

type Identity = components['schemas']['Identity']

/** By what somebody comes in: a password, accounts at providers, and those that could be linked. */
export function WaysSection() {
  const { words } = useWords()
  const { user } = useSession()
  const sayDate = useDates()
  const [unlinking, setUnlinking] = useState<Identity | null>(null)
  const {
    data: identities,
    error,
    refetch,
  } = useQuery({
    queryKey: ['identities', user?.id],
    queryFn: () =>
      allPages(async (query) => unwrap(await client.api.GET('/v1/me/identities', { params: { query } }))),
  })
  const own = words.account.security
  if (!user) return null
  const isOnly = !user.has_password && identities?.length === 1
  const linkable = settings.oauth_providers
  return (
    <Section title={own.waysTitle} lead={own.waysLead}>
      <Linked identities={identities ?? []} />
      {error && <Failed error={error} reset={() => void refetch()} />}
      {!identities && !error && <Skeleton h={48} radius="md" />}
      {identities && (
        <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
          {user.has_password && (
            <Group component="li" gap="sm" wrap="nowrap">
              <IconPassword size={22} stroke={1.6} aria-hidden style={{ flexShrink: 0 }} />
              <div style={{ minWidth: 0 }}>
                <Text fw={500}>{own.wayPassword}</Text>
                <Text fz="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                  {own.wayPasswordLead(user.email)}
                </Text>
              </div>
            </Group>
          )}
          {identities.map((identity) => {
            const title = providerTitle(identity.provider)
            const Icon = identity.provider === 'google' ? IconBrandGoogleFilled : IconBrandWindowsFilled
            return (
              <Group component="li" key={identity.id} gap="sm" wrap="nowrap" align="flex-start">
                <Icon size={22} aria-hidden style={{ flexShrink: 0 }} />
                <div style={{ minWidth: 0, flex: 1 }}>
                  <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
                    {title}
                    {identity.email && `, ${identity.email}`}
                  </Text>
                  <Text fz="sm" c="dimmed">
                    {own.lastUsed(sayDate(identity.last_used_at))}
                  </Text>
                  {isOnly && <Text fz="sm">{own.onlyWay}</Text>}
                </div>
                {!isOnly && (
                  <Button
                    variant="default"
                    size="xs"
                    aria-label={own.unlinkFor(title, identity.email ?? '')}
                    onClick={() => setUnlinking(identity)}
                  >
                    {own.unlink}
                  </Button>
                )}
              </Group>
            )
          })}
        </Stack>
      )}
      {linkable.length > 0 &&
        (user.email_verified ? (
          <Group gap="sm">
            {linkable.map((provider) => (
              <Button key={provider} component="a" variant="default" size="xs" href={linkUrl(provider)}>
                {own.link(providerTitle(provider))}
              </Button>
            ))}
          </Group>
        ) : (
          <Stack gap="xs">
            <Text fz="sm">{own.linkUnverified}</Text>
            <ResendLink />
          </Stack>
        ))}
      {unlinking && (
        <ConfirmDialog
          title={own.unlinkTitle(providerTitle(unlinking.provider))}
          submit={own.unlink}
          isDangerous
          onClose={() => setUnlinking(null)}
          onConfirm={async () => {
            const params = { path: { id: unlinking.id } }
            unwrap(await client.api.DELETE('/v1/me/identities/{id}', { params }))
            await Promise.all([
              queries.invalidateQueries({ queryKey: ['identities'] }),
              queries.invalidateQueries({ queryKey: ['sessions'] }),
            ])
          }}
        >
          {own.unlinkLead(providerTitle(unlinking.provider))}
        </ConfirmDialog>
      )}
    </Section>
  )
}

/** Says that something was linked, once it is: whoever had to sign in first comes back here as well. */
function Linked({ identities }: { identities: Identity[] }) {
  const { words } = useWords()
  const asked = new URLSearchParams(location.search)
  const named = identities.find(({ provider }) => provider === asked.get('linked'))
  // Links of elsewhere come back to the account, which sends them on without a name.
  const linked = asked.get('notice') === 'linked' ? lastLinked(identities) : named
  if (asked.get('error') || !linked) return null
  return (
    <Alert color="green" role="status">
      {words.account.security.linked(providerTitle(linked.provider))}
    </Alert>
  )
}

function lastLinked(identities: Identity[]): Identity | undefined {
  return identities.toSorted((one, other) => other.created_at.localeCompare(one.created_at))[0]
}

/** Where a browser is sent to link an account at a provider. It must be a page of ours that sends it. */
function linkUrl(provider: string): string {
  const query = new URLSearchParams({ intent: 'link', return_to: `/security?linked=${provider}` })
  return `/v1/auth/oauth/${provider}/start?${query}`
}
