import { unwrap } from '@frontgate/client'
import { Text } from '@mantine/core'
import { useWords } from '../../words/words.ts'
import { Act } from '../act.tsx'
import { Copyable } from '../copyable.tsx'
import { Instant } from '../instant.tsx'
import { Mark } from '../mark.tsx'
import { operatorClient } from '../operatorClient.ts'
import { Rows } from '../rows.tsx'
import { Nothing, Section } from '../section.tsx'
import { said } from '../words/words.ts'
import type { OperatorAccount } from './useAccount.ts'

const { members: texts } = said

/** Who is in the account. */
export function Members({ account: { members } }: { account: OperatorAccount }) {
  const { words } = useWords()
  const roles: Record<string, string> = words.shared.roles
  return (
    <Section title={texts.title}>
      {members.length === 0 ? (
        <Nothing>{texts.none}</Nothing>
      ) : (
        <Rows
          label={texts.title}
          rows={members}
          keyOf={({ user_id: id }) => id}
          columns={[
            {
              head: texts.address,
              cell: ({ email, name }) => (
                <>
                  {email ?? texts.noAddress}
                  {name && (
                    <Text fz="sm" c="dimmed" fw={400}>
                      {name}
                    </Text>
                  )}
                </>
              ),
            },
            { head: texts.role, cell: ({ role }) => roles[role] ?? role },
            {
              head: texts.verified,
              cell: ({ email_verified: isVerified }) =>
                isVerified ? (
                  <Mark tone="good">{texts.isVerified}</Mark>
                ) : (
                  <Mark tone="busy">{texts.notVerified}</Mark>
                ),
            },
            { head: texts.joined, cell: ({ joined_at: at }) => <Instant at={at} /> },
            { head: texts.user, cell: ({ user_id: id }) => <Copyable value={id} isShort /> },
            {
              head: '',
              isAtEnd: true,
              cell: ({ user_id: id, email }) => email && <ResetFactors id={id} email={email} />,
            },
          ]}
        />
      )}
    </Section>
  )
}

function ResetFactors({ id, email }: { id: string; email: string }) {
  return (
    <Act
      label={texts.reset}
      about={email}
      takes="support"
      title={texts.resetTitle(email)}
      says={texts.resetSays}
      done={texts.resetDone(email)}
      isGrave
      run={async ({ reason = '' }) =>
        unwrap(
          await operatorClient.api.POST('/v1/operator/users/{id}/reset-factors', {
            params: { path: { id } },
            body: { reason },
          }),
        )
      }
    />
  )
}
