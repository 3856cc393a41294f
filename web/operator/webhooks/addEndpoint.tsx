import { unwrap } from '@frontgate/client'
import { Field } from '../../forms/form.tsx'
import { Act } from '../act.tsx'
import { operatorClient } from '../operatorClient.ts'
import { ShownOnce } from '../shownOnce.tsx'
import { said } from '../words/words.ts'
import { ChooseEvents, eventsIn } from './chooseEvents.tsx'

const { webhooks: texts } = said

/** Has changes told to one more endpoint. */
export function AddEndpoint() {
  return (
    <Act
      label={texts.add}
      takes="admin"
      title={texts.addTitle}
      says={texts.addSays}
      done={({ url }: { url: string }) => texts.added(url)}
      reason="optional"
      button={{ variant: 'filled', size: 'sm' }}
      run={async (fields) => {
        const body = {
          url: fields.url ?? '',
          events: eventsIn(fields),
          ...(fields.description && { description: fields.description }),
          ...(fields.reason && { reason: fields.reason }),
        }
        return unwrap(await operatorClient.api.POST('/v1/operator/webhooks/endpoints', { body }))
      }}
      reveal={({ secret }) => <ShownOnce says={texts.shownOnce} secret={secret} />}
    >
      <Field
        name="url"
        type="url"
        label={texts.url}
        required
        autoComplete="off"
        placeholder="https://"
        data-autofocus
      />
      <Field name="description" label={texts.description} maxLength={200} autoComplete="off" />
      <ChooseEvents />
    </Act>
  )
}
