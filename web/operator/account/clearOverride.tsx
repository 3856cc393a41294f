import { unwrap } from '@frontgate/client'
import { nameInWords } from '@frontgate/client/react'
import { Act } from '../act.tsx'
import { operatorClient } from '../operatorClient.ts'
import { said } from '../words/words.ts'

const { overrides: texts } = said

interface ClearOverrideProps {
  accountId: string
  kind: 'feature' | 'limit'
  name: string
}

/** Lets the plan decide again. */
export function ClearOverride({ accountId: id, kind, name }: ClearOverrideProps) {
  const title = nameInWords(name)
  return (
    <Act
      label={texts.clear}
      takes="admin"
      about={title}
      title={texts.clearTitle(title)}
      says={texts.clearSays}
      done={texts.cleared(title)}
      isGrave
      run={async ({ reason = '' }) => {
        const params = { path: { id, name } }
        const body = { reason }
        if (kind === 'feature') {
          unwrap(
            await operatorClient.api.DELETE('/v1/operator/accounts/{id}/features/{name}', { params, body }),
          )
        } else {
          unwrap(
            await operatorClient.api.DELETE('/v1/operator/accounts/{id}/limits/{name}', { params, body }),
          )
        }
      }}
    />
  )
}
