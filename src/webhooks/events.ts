import Type, { type Static } from 'typebox'
import { rates } from '../catalogue/catalogue.ts'
import { roles } from '../http/actor.ts'
import { Instant, Nullable, sent, Uuid } from '../http/schemas.ts'

/** What an account may do, in the words of GET /v1/entitlements and of billing state. */
const EntitlementsSchema = Type.Object({
  plan: Type.String(),
  reason: Type.String({ description: 'The source of the plan, or why there is none but free.' }),
  source: Nullable(
    Type.String({ description: 'The source of the plan; null where it is free for want of one.' }),
  ),
  status: Type.String({ description: 'As billing state shows it.' }),
  until: Nullable(
    Type.String({ format: 'date-time', description: 'When the plan ends, as far as is known today.' }),
  ),
  features: Type.Record(Type.String(), Type.Boolean()),
  limits: Type.Record(
    Type.String(),
    Type.Object({
      per: Nullable(Type.Enum([...rates], { description: 'Null for a level.' })),
      limit: Nullable(Type.Integer({ description: 'Null is unlimited.' })),
    }),
  ),
})

const Role = Type.Enum([...roles])
const OfAccount = {
  account_id: Uuid,
  version: Type.Integer({
    minimum: 1,
    description: 'Grows with each message about the account: drop what is lower than the last one seen.',
  }),
}

function event<const T extends string, P extends Type.TProperties>(type: T, summary: string, data: P) {
  const body = Type.Object({
    type: Type.Literal(type),
    timestamp: Type.String({ format: 'date-time', description: 'When the change was noticed.' }),
    data: Type.Object(data),
  })
  return sent(type, summary, body)
}

/** Everything that is told, by its type. */
const events = {
  'account.created': event('account.created', 'An account was created', {
    ...OfAccount,
    name: Type.String(),
    created_at: Instant,
  }),
  'account.updated': event('account.updated', 'An account has another name', {
    ...OfAccount,
    name: Type.String(),
    old_name: Type.String(),
  }),
  'account.closed': event('account.closed', 'An account was closed; it can be reopened for a while', {
    ...OfAccount,
    closed_at: Instant,
  }),
  'account.reopened': event('account.reopened', 'A closed account is open again', OfAccount),
  'account.deleted': event('account.deleted', 'A closed account was deleted for good', OfAccount),
  'entitlements.changed': event(
    'entitlements.changed',
    'What an account may do is not what it was, by a change or by time alone',
    {
      ...OfAccount,
      old: Nullable(EntitlementsSchema),
      new: EntitlementsSchema,
    },
  ),
  'member.added': event('member.added', 'A user is a member of an account', {
    ...OfAccount,
    user_id: Uuid,
    role: Role,
  }),
  'member.removed': event('member.removed', 'A user is no member of an account any more', {
    ...OfAccount,
    user_id: Uuid,
    old_role: Role,
  }),
  'member.role_changed': event('member.role_changed', 'A member has another role', {
    ...OfAccount,
    user_id: Uuid,
    role: Role,
    old_role: Role,
  }),
  ping: event('ping', 'An operator tries out an endpoint', { endpoint_id: Uuid }),
}

export type EventType = keyof typeof events
type DataOf<T extends EventType> = Static<(typeof events)[T]>['data']

/** The types that an endpoint can ask for; `ping` comes to whichever is pinged. */
export const eventTypes = Object.keys(events).filter((type) => type !== 'ping') as Exclude<
  EventType,
  'ping'
>[]

/** Something about an account that endpoints have not been told yet; which account, and its number, come with the message. */
export type News = {
  [T in Exclude<EventType, 'ping'>]: { type: T; data: Omit<DataOf<T>, 'account_id' | 'version'> }
}[Exclude<EventType, 'ping'>]

export type Entitlements = Static<typeof EntitlementsSchema>
