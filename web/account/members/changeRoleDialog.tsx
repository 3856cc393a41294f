import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Button, Group, Modal, Radio, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../../client.ts'
import { useWords } from '../../words/words.ts'
import { Fault } from '../fault.tsx'
import { refreshSession } from '../refreshSession.ts'
import { type Role, rolesToGive } from '../roles.ts'
import { type Member, refreshMembers } from './useMembers.ts'

interface ChangeRoleDialogProps {
  member: Member
  isSelf: boolean
  onClose: () => void
}

/** Gives a member another role, saying what each may do. */
export function ChangeRoleDialog({ member, isSelf, onClose }: ChangeRoleDialogProps) {
  const { words } = useWords()
  const { account } = useSession()
  const [role, setRole] = useState<Role>(member.role)
  const change = useMutation({
    mutationFn: async () => {
      const params = { path: { user_id: member.user_id } }
      unwrap(await client.api.PATCH('/v1/accounts/me/members/{user_id}', { params, body: { role } }))
      if (isSelf) await refreshSession()
      await refreshMembers()
    },
    onSuccess: onClose,
  })
  const own = words.account.members
  return (
    <Modal
      opened
      onClose={onClose}
      title={own.changeTitle(member.name ?? member.email)}
      centered
      closeButtonProps={{ 'aria-label': words.shared.close }}
    >
      <Stack gap="md">
        <Radio.Group value={role} onChange={(next) => setRole(next as Role)} label={own.role}>
          <Stack gap="sm" mt="xs">
            {rolesToGive(account?.role).map((each) => (
              <Radio
                key={each}
                value={each}
                label={words.shared.roles[each]}
                description={own.roleLeads[each]}
                {...(each === role && { 'data-autofocus': true })}
              />
            ))}
          </Stack>
        </Radio.Group>
        <Text fz="sm" c="dimmed">
          {isSelf ? own.changeOwn : own.changeLead}
        </Text>
        <Fault error={change.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            {words.shared.cancel}
          </Button>
          <Button disabled={role === member.role} loading={change.isPending} onClick={() => change.mutate()}>
            {own.changeSubmit}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
