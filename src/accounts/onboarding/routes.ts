import Type, { type Static } from 'typebox'
import type { Access } from '../../access/access.ts'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import type { MemberActor } from '../../http/actor.ts'
import { route } from '../../http/route.ts'
import { Fields, Nullable, named } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { changeOnboarding, MOST_ANSWERS } from './changeOnboarding.ts'
import { type Onboarding, readOnboarding } from './readOnboarding.ts'
import { progressOf, skippableSteps, steps } from './rules.ts'

/** Answers are kept as JSON, which PostgreSQL takes no half of a surrogate pair in. */
const textUpTo = (maxLength: number) => Type.String({ maxLength, pattern: '^[^\\ud800-\\udfff]*$' })

const Answer = Type.Union([
  textUpTo(1000),
  Type.Number(),
  Type.Boolean(),
  Type.Array(textUpTo(200), { maxItems: 50 }),
])
type AnswerGiven = Static<typeof Answer> | null
const Answers = Type.Unsafe<Record<string, AnswerGiven>>({
  type: 'object',
  propertyNames: { type: 'string', pattern: '^[\\w.-]{1,64}$' },
  additionalProperties: Nullable(Answer),
  maxProperties: MOST_ANSWERS,
  description: 'By names of your choice; null takes an answer away.',
})
const Step = Type.Enum([...steps])
const SkippableSteps = Type.Array(Type.Enum([...skippableSteps]), { maxItems: skippableSteps.length })

const OnboardingSchema = named(
  'Onboarding',
  Type.Object({
    steps: Type.Array(Type.Object({ step: Step, done: Type.Boolean(), skipped: Type.Boolean() }), {
      description: 'In the order in which a new account does them.',
    }),
    next: Nullable(Step),
    answers: Type.Record(Type.String(), Answer),
    completed: Type.Boolean({ description: 'Whether every step is done or skipped.' }),
  }),
)

/** What a new account has done and answered, and what is next, on whatever device somebody goes on. */
export function onboardingRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'getOnboarding',
      method: 'GET',
      url: '/v1/accounts/me/onboarding',
      access: { member: 'viewer' },
      summary: 'What the current account has done since it was created, and what is next',
      replies: { 200: OnboardingSchema },
    },
    async ({ caller: { actor }, at }) => describe(actor, await readOnboarding(app.db, actor.accountId), at),
  )

  route(
    server,
    app,
    {
      operationId: 'changeOnboarding',
      method: 'PATCH',
      url: '/v1/accounts/me/onboarding',
      access: { member: 'member' },
      summary: 'Merge answers into those that the current account has given, and put steps off',
      body: Fields({
        answers: Type.Optional(Answers),
        skip: Type.Optional(SkippableSteps),
        unskip: Type.Optional(SkippableSteps),
      }),
      replies: { 200: OnboardingSchema },
    },
    async ({ caller, body: { answers = {}, skip = [], unskip = [] }, at }) => {
      const onboarding = await inTx(app, async (tx) => {
        await changeOnboarding(tx, caller, { answers, skip, unskip }, at)
        return readOnboarding(tx, caller.actor.accountId)
      })
      return describe(caller.actor, onboarding, at)
    },
  )

  function describe(actor: MemberActor, { answers, ...facts }: Onboarding, at: Date) {
    const { user, facts: known } = access.snapshotOf(actor)
    const { members = 1, grants = [] } = known ?? {}
    const isVerified = user.emailVerifiedAt !== null
    return { ...progressOf({ ...facts, isVerified, members, grants }, at), answers }
  }
}
