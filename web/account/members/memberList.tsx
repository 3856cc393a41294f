import { initialsOf, useSession } from '@frontgate/client/react'
import { Avatar, Group, Skeleton, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Failed } from '../../shell/failed.tsx'
import { useWords } from '../../words/words.ts'
import { Section } from '../section.tsx'
import { StatusBadge } from '../statusBadge.tsx'
import { useDates } from '../useDates.ts'
import { MemberMenu } from './memberMenu.tsx'
import { type Member, useMembers } from './useMembers.ts'

/** From so many on they can be searched. */
const MANY = 10

/** Everybody in the account, with what the reader may do about each. */
export function MemberList() {
  const { words, locale } = useWords()
  const { account } = useSession()
  const { data: members, error, refetch } = useMembers()
  const [sought, setSought] = useState('')
  const own = words.account.members
  const count = members ? new Intl.NumberFormat(locale).format(members.length) : '…'
  const found = members?.filter((member) => fits(member, sought)) ?? []
  return (
    <Section title={own.count(count)} lead={account?.role === 'admin' ? own.adminLimit : undefined}>
      {error && <Failed error={error} reset={() => void refetch()} />}
      {!members && !error && <Skeleton h={160} radius="md" />}
      {members && members.length > MANY && (
        <TextInput
          type="search"
          aria-label={own.search}
          placeholder={own.search}
          value={sought}
          onChange={(event) => setSought(event.currentTarget.value)}
        />
      )}
      {members && (
        <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
          {found.map((member) => (
            <Row
              key={member.user_id}
              member={member}
              otherOwners={
                members.filter(({ role, user_id: id }) => role === 'owner' && id !== member.user_id).length
              }
            />
          ))}
        </Stack>
      )}
      {members && found.length === 0 && <Text c="dimmed">{own.noneFound}</Text>}
    </Section>
  )
}

function Row({ member, otherOwners }: { member: Member; otherOwners: number }) {
  const { words } = useWords()
  const { user } = useSession()
  const sayDate = useDates()
  const own = words.account.members
  const { email, name, role, email_verified: isVerified, has_second_factor: hasFactor } = member
  const isSelf = member.user_id === user?.id
  return (
    <Group component="li" wrap="nowrap" gap="sm" align="flex-start">
      <Avatar radius="xl" size={38} color="accent" aria-hidden>
        {initialsOf(name ?? email)}
      </Avatar>
      <div style={{ flex: 1, minWidth: 0 }}>
        <Group gap={6}>
          <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
            {name ?? email}
          </Text>
          {isSelf && <StatusBadge size="sm">{own.you}</StatusBadge>}
          <StatusBadge size="sm" hiddenFrom="xs">
            {words.shared.roles[role]}
          </StatusBadge>
        </Group>
        {name && (
          <Text fz="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {email}
          </Text>
        )}
        <Text fz="sm" c="dimmed">
          {own.since(sayDate(member.joined_at))}
          {!isVerified && ` · ${own.unverified}`}
          {hasFactor !== undefined && ` · ${hasFactor ? words.factor.memberHas : words.factor.memberHasNot}`}
        </Text>
        {isSelf && role === 'owner' && otherOwners === 0 && <Text fz="sm">{own.onlyOwner}</Text>}
      </div>
      <StatusBadge mt={8} visibleFrom="xs">
        {words.shared.roles[role]}
      </StatusBadge>
      <MemberMenu member={member} isSelf={isSelf} otherOwners={otherOwners} />
    </Group>
  )
}

function fits({ name, email }: Member, sought: string): boolean {
  const text = sought.trim().toLowerCase()
  return email.toLowerCase().includes(text) || (name?.toLowerCase().includes(text) ?? false)
}
