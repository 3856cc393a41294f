import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Checkbox, Skeleton, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { client, queries } from '../../client.ts'
import { Failed } from '../../shell/failed.tsx'
import { useWords } from '../../words/words.ts'
import { Fault } from '../fault.tsx'
import { Section } from '../section.tsx'

/** Whether the account asks its members for a second factor, which its owners decide. */
export function SecondFactorPolicy() {
  const { words } = useWords()
  const { account } = useSession()
  const { data, error, refetch } = useQuery({
    queryKey: ['account', account?.id],
    queryFn: async () => unwrap(await client.api.GET('/v1/accounts/me')),
  })
  const change = useMutation({
    mutationFn: async (isRequired: boolean) =>
      unwrap(await client.api.PATCH('/v1/accounts/me', { body: { requires_second_factor: isRequired } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['account'] }),
  })
  const own = words.factor
  if (!account) return null
  const isRequired = data?.requires_second_factor ?? false
  const isOwner = account.role === 'owner'
  return (
    <Section title={own.policyTitle} lead={isOwner ? own.policyLead : own.policyLimited}>
      {error && <Failed error={error} reset={() => void refetch()} />}
      {!data && !error && <Skeleton h={24} radius="md" />}
      {data &&
        (isOwner ? (
          <Checkbox
            label={own.policySwitch}
            checked={change.isPending ? change.variables : isRequired}
            disabled={change.isPending}
            onChange={(event) => change.mutate(event.currentTarget.checked)}
          />
        ) : (
          <Text fw={500}>{isRequired ? own.policyOn : own.policyOff}</Text>
        ))}
      <Fault error={change.error} />
    </Section>
  )
}
