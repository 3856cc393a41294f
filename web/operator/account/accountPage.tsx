import { Alert, Skeleton, Stack, Text } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { Failed } from '../../shell/failed.tsx'
import { Copyable } from '../copyable.tsx'
import { Heading } from '../heading.tsx'
import { Instant } from '../instant.tsx'
import { useCatalogue } from '../useCatalogue.ts'
import { said } from '../words/words.ts'
import { Grants } from './grants.tsx'
import { Members } from './members.tsx'
import { Overrides } from './overrides.tsx'
import { Reopen } from './reopen.tsx'
import { StandingNow } from './standingNow.tsx'
import { Subscriptions } from './subscriptions.tsx'
import { Timeline } from './timeline.tsx'
import { useAccount } from './useAccount.ts'

const { account: texts } = said

/** All there is to know about one account, and what can be done for it. Nobody acts as one of its members. */
export function AccountPage() {
  const { id = '' } = useParams({ strict: false })
  const { data: account, error, refetch } = useAccount(id)
  const { data: catalogue } = useCatalogue()
  if (error && !account) return <Failed error={error} reset={() => void refetch()} />
  if (!account || !catalogue) {
    return (
      <Stack role="status">
        <Skeleton h={56} maw={420} />
        <Skeleton h={140} />
        <Skeleton h={220} />
      </Stack>
    )
  }
  return (
    <>
      <Heading
        title={account.name}
        lead={
          <>
            <Copyable value={account.id} /> · {texts.created} <Instant at={account.created_at} />
          </>
        }
      >
        {account.closed_at && !account.purged_at && <Reopen account={account} />}
      </Heading>
      {account.closed_at && (
        <Alert variant="default" title={account.purged_at ? texts.purged : texts.closed}>
          {texts.closedAt} <Instant at={account.closed_at} />
          {account.purge_due_at && (
            <>
              {' · '}
              {texts.purgeDue} <Instant at={account.purge_due_at} />
            </>
          )}
        </Alert>
      )}
      <StandingNow account={account} catalogue={catalogue} />
      <Grants account={account} catalogue={catalogue} />
      <Subscriptions account={account} />
      <Overrides account={account} catalogue={catalogue} />
      <Members account={account} />
      <Timeline account={account} />
      <Text c="dimmed" fz="sm">
        {texts.noImpersonation}
      </Text>
    </>
  )
}
