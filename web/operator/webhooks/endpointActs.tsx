import { unwrap } from '@frontgate/client'
import { Field } from '../../forms/form.tsx'
import { Act } from '../act.tsx'
import { operatorClient } from '../operatorClient.ts'
import { ShownOnce } from '../shownOnce.tsx'
import { instantIn } from '../untilField.tsx'
import { said } from '../words/words.ts'
import { ChooseEvents, eventsIn } from './chooseEvents.tsx'
import type { Endpoint } from './useEndpoints.ts'

const { webhooks: texts } = said
const { api } = operatorClient

/** What can be done with an endpoint. */
export function EndpointActs({ endpoint }: { endpoint: Endpoint }) {
  const { id, url, disabled_at: disabled } = endpoint
  const params = { path: { id } }
  const about = url
  return (
    <>
      {!disabled && (
        <>
          <Act
            label={texts.ping}
            takes="support"
            about={about}
            title={texts.ping}
            says={texts.pingSays(url)}
            done={texts.pinged(url)}
            reason="optional"
            run={async ({ reason }) => {
              const body = reason ? { reason } : {}
              return unwrap(await api.POST('/v1/operator/webhooks/endpoints/{id}/ping', { params, body }))
            }}
          />
          <Act
            label={texts.replayFailed}
            takes="support"
            about={about}
            title={texts.replayFailed}
            says={texts.replayFailedSays}
            done={({ replayed }: { replayed: number }) => texts.replayedCount(replayed)}
            run={async ({ since, reason = '' }) => {
              const body = { since: instantIn(since) ?? '', reason }
              return unwrap(await api.POST('/v1/operator/webhooks/endpoints/{id}/replay', { params, body }))
            }}
          >
            <Field name="since" type="datetime-local" label={texts.sinceField} required data-autofocus />
          </Act>
        </>
      )}
      <Act
        label={texts.change}
        takes="admin"
        about={about}
        title={texts.changeTitle}
        says={texts.changeSays}
        done={texts.changed(url)}
        reason="optional"
        run={async ({ reason, ...fields }) => {
          const body = {
            url: fields.url ?? url,
            description: fields.description ?? '',
            events: eventsIn(fields),
            ...(reason && { reason }),
          }
          return unwrap(await api.PATCH('/v1/operator/webhooks/endpoints/{id}', { params, body }))
        }}
      >
        <Field
          name="url"
          type="url"
          label={texts.url}
          defaultValue={url}
          required
          autoComplete="off"
          data-autofocus
        />
        <Field
          name="description"
          label={texts.description}
          defaultValue={endpoint.description}
          maxLength={200}
          autoComplete="off"
        />
        <ChooseEvents chosen={endpoint.events} />
      </Act>
      <Act
        label={disabled ? texts.enable : texts.disable}
        takes="admin"
        about={about}
        title={disabled ? texts.enable : texts.disable}
        says={disabled ? texts.enableSays : texts.disableSays}
        done={disabled ? texts.enabled(url) : texts.disabledDone(url)}
        isGrave={!disabled}
        reason="optional"
        run={async ({ reason }) => {
          const body = { enabled: disabled !== null, ...(reason && { reason }) }
          return unwrap(await api.PATCH('/v1/operator/webhooks/endpoints/{id}', { params, body }))
        }}
      />
      <Act
        label={texts.roll}
        takes="admin"
        about={about}
        title={texts.rollTitle}
        says={texts.rollSays}
        done={texts.rolled(url)}
        run={async ({ overlap_hours: hours = '24', reason = '' }) => {
          const body = { overlap_hours: Number(hours), reason }
          return unwrap(await api.POST('/v1/operator/webhooks/endpoints/{id}/roll-secret', { params, body }))
        }}
        reveal={({ secret }) => <ShownOnce says={texts.shownOnce} secret={secret} />}
      >
        <Field
          name="overlap_hours"
          type="number"
          inputMode="numeric"
          min={0}
          max={168}
          step={1}
          label={texts.overlap}
          description={texts.overlapHint}
          defaultValue={24}
          required
          data-autofocus
        />
      </Act>
      <Act
        label={texts.delete}
        takes="admin"
        about={about}
        title={texts.deleteTitle}
        says={texts.deleteSays(url)}
        done={texts.deleted(url)}
        isGrave
        run={async ({ reason = '' }) => {
          const body = { reason }
          return unwrap(await api.DELETE('/v1/operator/webhooks/endpoints/{id}', { params, body }))
        }}
      />
    </>
  )
}
