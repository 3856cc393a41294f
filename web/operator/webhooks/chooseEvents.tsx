import type { components } from '@frontgate/client'
import { Checkbox } from '@mantine/core'
import type { Fields } from '../../forms/form.tsx'
import { said } from '../words/words.ts'

type EventType = NonNullable<components['schemas']['WebhookEndpoint']['events']>[number]

const types: EventType[] = [
  'account.created',
  'account.updated',
  'account.closed',
  'account.reopened',
  'account.deleted',
  'entitlements.changed',
  'member.added',
  'member.removed',
  'member.role_changed',
]

/** Which events an endpoint is told of. None chosen is all, also those that are still to come. */
export function ChooseEvents({ chosen = null }: { chosen?: EventType[] | null }) {
  return (
    <Checkbox.Group
      label={said.webhooks.events}
      description={said.webhooks.eventsHint}
      defaultValue={chosen ?? []}
    >
      {types.map((type) => (
        <Checkbox
          key={type}
          name={`event ${type}`}
          value={type}
          label={<code>{type}</code>}
          mt={6}
          size="xs"
        />
      ))}
    </Checkbox.Group>
  )
}

/** What was chosen, for the API; null is all. */
export function eventsIn(fields: Fields): EventType[] | null {
  const chosen = types.filter((type) => fields[`event ${type}`])
  return chosen.length > 0 ? chosen : null
}
