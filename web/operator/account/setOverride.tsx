import { unwrap } from '@frontgate/client'
import { nameInWords } from '@frontgate/client/react'
import { Checkbox, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { Field } from '../../forms/form.tsx'
import { Act } from '../act.tsx'
import { operatorClient } from '../operatorClient.ts'
import { instantIn, UntilField } from '../untilField.tsx'
import { said } from '../words/words.ts'

const { overrides: texts } = said

interface SetOverrideProps {
  accountId: string
  kind: 'feature' | 'limit'
  name: string
  /** What it has of its own already. */
  value: boolean | number | null | undefined
}

/** Gives an account a feature or limit of its own. */
export function SetOverride({ accountId: id, kind, name, value }: SetOverrideProps) {
  const title = nameInWords(name)
  return (
    <Act
      label={value === undefined ? texts.set : texts.change}
      takes="admin"
      about={title}
      title={texts.setTitle(title)}
      says={kind === 'feature' ? texts.setFeatureSays : texts.setLimitSays}
      confirm={texts.set}
      done={texts.setDone(title)}
      run={async ({ value: given, unlimited, until, reason = '' }) => {
        const params = { path: { id, name } }
        const end = { until: instantIn(until), reason }
        if (kind === 'feature') {
          const body = { value: given === 'on', ...end }
          unwrap(await operatorClient.api.PUT('/v1/operator/accounts/{id}/features/{name}', { params, body }))
        } else {
          const body = { value: unlimited ? null : Number(given), ...end }
          unwrap(await operatorClient.api.PUT('/v1/operator/accounts/{id}/limits/{name}', { params, body }))
        }
      }}
    >
      {kind === 'feature' ? (
        <NativeSelect
          name="value"
          label={texts.value}
          defaultValue={value === false ? 'off' : 'on'}
          data={[
            { value: 'on', label: texts.on },
            { value: 'off', label: texts.off },
          ]}
          data-autofocus
        />
      ) : (
        <LimitFields value={value} />
      )}
      <UntilField days={[7, 30, 90]} />
    </Act>
  )
}

/** A number, or that there is none: a field that was left empty says neither. */
function LimitFields({ value }: Pick<SetOverrideProps, 'value'>) {
  const [isUnlimited, setUnlimited] = useState(value === null)
  return (
    <>
      <Field
        name="value"
        type="number"
        inputMode="numeric"
        min={0}
        step={1}
        max={1_000_000_000_000}
        label={texts.value}
        required
        disabled={isUnlimited}
        defaultValue={typeof value === 'number' ? value : ''}
        data-autofocus={isUnlimited ? undefined : true}
      />
      <Checkbox
        name="unlimited"
        label={texts.unlimited}
        checked={isUnlimited}
        onChange={(event) => setUnlimited(event.currentTarget.checked)}
      />
    </>
  )
}
