import { useSession } from '@frontgate/client/react'
import { Alert, Stack } from '@mantine/core'
import { useWords } from '../../words/words.ts'
import { lookAgain } from '../onboarding/useOnboarding.ts'
import { PageHead } from '../pageHead.tsx'
import { isAtLeast } from '../roles.ts'
import { Section } from '../section.tsx'
import { InviteForm } from './inviteForm.tsx'
import { InviteList } from './inviteList.tsx'
import { MemberList } from './memberList.tsx'
import { Seats } from './seats.tsx'

/** Who is in the account, who is invited, and how many fit. */
export function MembersPage() {
  const { words } = useWords()
  const { account } = useSession()
  const own = words.account
  if (!account) return null
  const mayInvite = isAtLeast(account.role, 'admin')
  return (
    <Stack gap="lg">
      <PageHead title={own.members.title} lead={own.members.lead(account.name)} />
      <Seats />
      {mayInvite ? (
        <Section title={own.invites.title} lead={own.invites.lead}>
          <InviteForm onSent={() => void lookAgain()} />
        </Section>
      ) : (
        <Alert color="gray" variant="light">
          {own.members.limited(words.shared.roles[account.role])}
        </Alert>
      )}
      {mayInvite && <InviteList />}
      <MemberList />
    </Stack>
  )
}
