import { unwrap } from '@frontgate/client'
import { useBillingState, useSession } from '@frontgate/client/react'
import { ActionIcon, Box, Menu } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useState } from 'react'
import { client } from '../../client.ts'
import { useWords } from '../../words/words.ts'
import { ConfirmDialog } from '../confirmDialog.tsx'
import { refreshSession } from '../refreshSession.ts'
import { mayActOn } from '../roles.ts'
import { ChangeRoleDialog } from './changeRoleDialog.tsx'
import { type Member, refreshMembers } from './useMembers.ts'

interface MemberMenuProps {
  member: Member
  isSelf: boolean
  /** Owners beside this one. */
  otherOwners: number
}

type Act = 'change' | 'remove' | 'leave' | 'transfer'

/** What the reader may do about a member; a place of the same width where that is nothing. */
export function MemberMenu({ member, isSelf, otherOwners }: MemberMenuProps) {
  const { words } = useWords()
  const { account } = useSession()
  const { refresh } = useBillingState()
  const [act, setAct] = useState<Act | null>(null)
  const own = words.account.members
  const isLastOwner = member.role === 'owner' && otherOwners === 0
  const mayChange = mayActOn(account?.role, member.role) && !isLastOwner
  const mayTransfer = account?.role === 'owner' && !isSelf && member.role !== 'owner'
  const acts: { act: Act; label: string; isOffered: boolean; isDangerous?: boolean }[] = [
    { act: 'change', label: own.change, isOffered: mayChange },
    { act: 'transfer', label: own.transfer, isOffered: mayTransfer },
    { act: 'remove', label: own.remove, isOffered: mayChange && !isSelf, isDangerous: true },
    { act: 'leave', label: own.leave, isOffered: isSelf && !isLastOwner, isDangerous: true },
  ]
  const offered = acts.filter(({ isOffered }) => isOffered)
  const who = member.name ?? member.email
  const at = { params: { path: { user_id: member.user_id } } }
  const close = () => setAct(null)
  const name = account?.name ?? ''
  if (offered.length === 0) return <Box w={34} visibleFrom="xs" style={{ flexShrink: 0 }} />
  return (
    <>
      <Menu position="bottom-end" width={260} withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={34} aria-label={own.actions(who)}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {offered.map(({ act: offeredAct, label, isDangerous }) => (
            <Menu.Item
              key={offeredAct}
              {...(isDangerous && { color: 'red' })}
              onClick={() => setAct(offeredAct)}
            >
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {act === 'change' && <ChangeRoleDialog member={member} isSelf={isSelf} onClose={close} />}
      {act === 'transfer' && (
        <ConfirmDialog
          title={own.transferTitle(who)}
          submit={own.transferSubmit}
          onClose={close}
          onConfirm={async () => {
            const body = { user_id: member.user_id }
            unwrap(await client.api.POST('/v1/accounts/me/transfer-ownership', { body }))
            await refreshSession()
            await refreshMembers()
          }}
        >
          {own.transferLead(who, name)}
        </ConfirmDialog>
      )}
      {act === 'remove' && (
        <ConfirmDialog
          title={own.removeTitle(who)}
          submit={own.removeSubmit}
          isDangerous
          onClose={close}
          onConfirm={async () => {
            unwrap(await client.api.DELETE('/v1/accounts/me/members/{user_id}', at))
            await Promise.all([refreshMembers(), refresh()])
          }}
        >
          {own.removeLead(who, name)}
        </ConfirmDialog>
      )}
      {act === 'leave' && (
        <ConfirmDialog
          title={own.leaveTitle(name)}
          submit={own.leaveSubmit}
          isDangerous
          onClose={close}
          onConfirm={async () => {
            unwrap(await client.api.POST('/v1/accounts/me/leave', { body: {} }))
            await refreshSession()
          }}
        >
          {own.leaveLead}
        </ConfirmDialog>
      )}
    </>
  )
}
