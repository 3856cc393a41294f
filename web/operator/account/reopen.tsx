import { unwrap } from '@frontgate/client'
import { NativeSelect } from '@mantine/core'
import { Act } from '../act.tsx'
import { operatorClient } from '../operatorClient.ts'
import { said } from '../words/words.ts'
import type { OperatorAccount } from './useAccount.ts'

const { reopen: texts } = said

/** Opens a closed account again; where no owner is left, a member becomes one. */
export function Reopen({ account: { id, name, members } }: { account: OperatorAccount }) {
  const lacksOwner = !members.some(({ role }) => role === 'owner')
  return (
    <Act
      label={texts.label}
      takes={lacksOwner ? 'admin' : 'support'}
      title={texts.title(name)}
      says={texts.says}
      done={texts.done(name)}
      button={{ variant: 'filled', size: 'sm' }}
      run={async ({ reason = '', owner_id }) =>
        unwrap(
          await operatorClient.api.POST('/v1/operator/accounts/{id}/reopen', {
            params: { path: { id } },
            body: { reason, ...(owner_id && { owner_id }) },
          }),
        )
      }
    >
      {lacksOwner && members.length > 0 && (
        <NativeSelect
          name="owner_id"
          label={texts.owner}
          data={members.map(({ user_id: value, email }) => ({ value, label: email ?? value }))}
        />
      )}
    </Act>
  )
}
