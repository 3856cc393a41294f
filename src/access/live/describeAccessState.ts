import Type, { type Static } from 'typebox'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { rates } from '../../catalogue/catalogue.ts'
import type { Config } from '../../config.ts'
import { sources } from '../../entitlements/facts.ts'
import { type Span, spansOf } from '../../entitlements/spans.ts'
import type { MemberActor } from '../../http/actor.ts'
import { Instant, Nullable, named, Uuid } from '../../http/schemas.ts'
import { problem } from '../../problems.ts'
import { graceEndOf } from '../rules.ts'
import type { Snapshot } from '../snapshot.ts'
import { RoleSchema } from '../tokensReply.ts'

const SpanSchema = named(
  'AccessSpan',
  Type.Object({
    from: Nullable(Type.String({ format: 'date-time', description: 'Null for the first.' })),
    until: Nullable(
      Type.String({ format: 'date-time', description: 'Not in it any more. Null for the last.' }),
    ),
    plan: Type.String(),
    source: Nullable(Type.Enum([...sources], { description: 'Null where nothing is granted.' })),
    reason: Nullable(
      Type.Enum(['trial-expired', 'canceled', 'past-due', 'unpaid', 'never-subscribed'], {
        description: 'Why there is nothing but free; null where a plan is granted.',
      }),
    ),
    opens: Type.Array(Type.String(), { description: 'The plan and every lower one.' }),
    features: Type.Array(Type.String(), { description: 'Those that are on.' }),
    missing: Type.Record(Type.String(), Nullable(Type.String()), {
      description: 'Each other feature, and the lowest public plan that would open it, if one would.',
    }),
    limits: Type.Record(
      Type.String(),
      Type.Object({
        per: Nullable(Type.Enum([...rates], { description: 'Null for a level.' })),
        amount: Nullable(Type.Integer({ description: 'Null is unlimited.' })),
      }),
    ),
  }),
)

export const AccessStateSchema = named(
  'AccessState',
  Type.Object({
    at: Instant,
    user: Type.Object({
      id: Uuid,
      email_verified: Type.Boolean(),
      verification_grace_ends_at: Nullable(Instant),
    }),
    session_id: Uuid,
    session_expires_at: Type.String({
      format: 'date-time',
      description: 'From then on the bearer is nobody, however long the token says.',
    }),
    account_id: Uuid,
    role: RoleSchema,
    spans: Type.Array(SpanSchema, {
      minItems: 1,
      description: 'What the account may do from `at` on, without gaps, if nothing but time passes.',
    }),
    upgrade_url: Type.String(),
  }),
)

/** All that a guard of a product decides by, now and when time passes. */
export function describeAccessState(
  { sessionId, accountId, role }: MemberActor,
  { session, user, facts }: Snapshot,
  catalogue: Catalogue,
  config: Pick<Config, 'verificationGraceDays' | 'upgradeUrl'>,
  at: Date,
): Static<typeof AccessStateSchema> {
  if (!facts) throw problem('forbidden')
  return {
    at: at.toISOString(),
    user: {
      id: user.id,
      email_verified: user.emailVerifiedAt !== null,
      verification_grace_ends_at: graceEndOf(user, config)?.toISOString() ?? null,
    },
    session_id: sessionId,
    session_expires_at: session.expiresAt.toISOString(),
    account_id: accountId,
    role,
    spans: spansOf(facts, catalogue, at).map(describeSpan),
    upgrade_url: config.upgradeUrl,
  }
}

function describeSpan({ from, until, decision, ...rest }: Span): Static<typeof SpanSchema> {
  return {
    from: from?.toISOString() ?? null,
    until: until?.toISOString() ?? null,
    plan: decision.plan.plan,
    source: decision.kind === 'granted' ? decision.grant.source : null,
    reason: decision.kind === 'free' ? decision.reason : null,
    ...rest,
  }
}
