import { hash } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { type Role, roles } from '../http/actor.ts'
import { DisplayName } from '../identity/fields.ts'
import { normaliseAddress } from '../mail/addresses.ts'
import type { Passwords } from '../secrets/passwords.ts'
import type { RawLine } from './readLines.ts'
import type { Line, Membership, Order, Refusal } from './rules.ts'

const ExternalId = Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\u0000-\\u001f\\u007f]+$' })
const Instant = Type.String({ maxLength: 40 })
const RoleField = Type.Enum([...roles])
const Trial = Type.Enum(['begins', 'had'])

const MemberFields = {
  account: ExternalId,
  role: RoleField,
  joined_at: Type.Optional(Instant),
  trial: Type.Optional(Trial),
}

/** Enough to tell two texts apart. */
const DIGEST_BYTES = 16

const strict = { additionalProperties: false }

/** What a line may say, by its `type`. docs/guides/import.md shows it to people. */
const lines = {
  account: Compile(
    Type.Object(
      {
        type: Type.Literal('account'),
        id: ExternalId,
        name: DisplayName,
        created_at: Type.Optional(Instant),
      },
      strict,
    ),
  ),
  user: Compile(
    Type.Object(
      {
        type: Type.Literal('user'),
        id: ExternalId,
        email: Type.String(),
        email_verified: Type.Optional(Type.Boolean()),
        name: Type.Optional(Type.Union([DisplayName, Type.Null()])),
        password_hash: Type.Optional(Type.Union([Type.String({ maxLength: 1024 }), Type.Null()])),
        created_at: Type.Optional(Instant),
        members: Type.Optional(Type.Array(Type.Object(MemberFields, strict), { maxItems: 100 })),
      },
      strict,
    ),
  ),
  member: Compile(Type.Object({ type: Type.Literal('member'), user: ExternalId, ...MemberFields }, strict)),
  subscription: Compile(
    Type.Object(
      {
        type: Type.Literal('subscription'),
        account: ExternalId,
        stripe_customer_id: Type.String({ pattern: '^cus_[A-Za-z0-9_]{1,200}$' }),
      },
      strict,
    ),
  ),
}

type Told<Kind extends keyof typeof lines> = Static<ReturnType<(typeof lines)[Kind]['Type']>>

/** What a line of the file asks for, or why it cannot be followed as it stands. */
export function readOrder(
  { number, text }: RawLine,
  { passwords, at }: { passwords: Pick<Passwords, 'whyRefused'>; at: Date },
): Line | Refusal {
  if (text === null) return { number, reason: 'it is longer than 64 KiB, or no UTF-8' }
  const told = parsed(text)
  const type = (told as { type?: unknown } | null)?.type
  if (typeof told !== 'object' || told === null) return { number, reason: 'it is no JSON object' }
  if (typeof type !== 'string' || !Object.hasOwn(lines, type)) {
    return { number, reason: `its type is none of ${Object.keys(lines).join(', ')}` }
  }
  const kind = type as keyof typeof lines
  const whose = { number, kind, externalId: idOf(told) }
  const reason = whyMalformed(kind, told, text)
  if (reason) return { ...whose, reason }
  const order = orderOf(told as Told<typeof kind>, { passwords, at })
  if (typeof order === 'string') return { ...whose, reason: order }
  const digest = hash('sha256', JSON.stringify(order), 'buffer').toString('base64url', 0, DIGEST_BYTES)
  return { number, order, digest }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function idOf(told: object): string | null {
  const { id, user, account } = told as Record<string, unknown>
  const found = id ?? user ?? account
  return typeof found === 'string' ? found.slice(0, 200) : null
}

function whyMalformed(kind: keyof typeof lines, told: object, text: string): string | null {
  const form = lines[kind]
  if (!form.Check(told)) {
    const [fault] = form.Errors(told)
    return fault ? sayFault(fault) : 'it is malformed'
  }
  // What is half a letter would be stored as another one. It can only be there as an escape.
  const isHalf = /\\u[dD]/.test(text) && /\\ud[89a-f]/.test(JSON.stringify(told))
  return isHalf ? 'a text in it is cut in the middle of a letter' : null
}

function sayFault({
  instancePath,
  message,
  params,
}: {
  instancePath: string
  message: string
  params: object
}) {
  const where = instancePath.slice(1).replaceAll('/', '.') || 'it'
  const { requiredProperties: missing, additionalProperties: unknown } = params as Record<string, string[]>
  if (missing) return `${missing[0]} is missing`
  if (unknown) return `${unknown[0]} is nothing that a line of this type may say`
  if (message === 'schema is false') return `${where} is nothing that a line of this type may say`
  return `${where} ${message}`
}

/** A string says why there is none. */
function orderOf(
  told: Told<keyof typeof lines>,
  { passwords, at }: { passwords: Pick<Passwords, 'whyRefused'>; at: Date },
): Order | string {
  switch (told.type) {
    case 'account': {
      const createdAt = instantOf(told.created_at, at)
      if (createdAt === 'odd') return odd('created_at')
      return { kind: 'account', externalId: told.id, name: told.name, createdAt }
    }
    case 'user':
      return userOf(told, { passwords, at })
    case 'member': {
      const membership = membershipOf(told, at)
      if (typeof membership === 'string') return membership
      return { kind: 'member', externalId: `${told.user}\n${told.account}`, user: told.user, membership }
    }
    default: {
      const { account, stripe_customer_id: customer } = told
      return { kind: 'subscription', externalId: customer, account }
    }
  }
}

function userOf(
  told: Told<'user'>,
  { passwords, at }: { passwords: Pick<Passwords, 'whyRefused'>; at: Date },
): Order | string {
  const email = normaliseAddress(told.email)
  if (!email) return 'email is not an e-mail address'
  const createdAt = instantOf(told.created_at, at)
  if (createdAt === 'odd') return odd('created_at')
  const passwordHash = told.password_hash ?? null
  const refused = passwordHash === null ? null : passwords.whyRefused(passwordHash)
  if (refused === 'unknown') return 'password_hash is of no form that is known'
  if (refused) return 'password_hash costs more to compute than sign-ins may'
  const memberships = (told.members ?? []).map((one) => membershipOf(one, at))
  const wrong = memberships.find((one) => typeof one === 'string')
  if (wrong) return wrong as string
  const members = memberships as Membership[]
  if (new Set(members.map(({ account }) => account)).size < members.length) {
    return 'members names an account twice'
  }
  if (members.filter(({ trial }) => trial).length > 1) return 'a user has one trial: members says two'
  return {
    kind: 'user',
    externalId: told.id,
    email,
    isVerified: told.email_verified ?? false,
    name: told.name ?? null,
    passwordHash,
    createdAt,
    members,
  }
}

interface ToldMember {
  account: string
  role: Role
  joined_at?: string
  trial?: 'begins' | 'had'
}

function membershipOf({ account, role, joined_at, trial }: ToldMember, at: Date): Membership | string {
  const joinedAt = instantOf(joined_at, at)
  if (joinedAt === 'odd') return odd('joined_at')
  return { account, role, joinedAt, trial: trial ?? null }
}

const odd = (field: string) => `${field} is no instant that has been, as 2026-07-01T12:00:00Z`

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

function instantOf(text: string | undefined, at: Date): Date | null | 'odd' {
  if (text === undefined) return null
  const instant = new Date(text)
  const hasBeen = INSTANT.test(text) && instant.getTime() > 0 && instant <= at
  return hasBeen ? instant : 'odd'
}
