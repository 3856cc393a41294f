import Type, { type Static } from 'typebox'
import { rates } from '../../catalogue/catalogue.ts'
import type { Config } from '../../config.ts'
import { type Check, checkReasons, remainingOf, type Standing } from '../../entitlements/usage/rules.ts'
import { Nullable, named } from '../../http/schemas.ts'
import { problem } from '../../problems.ts'

const reasonsInWords = Object.entries(checkReasons)
  .map(([reason, says]) => `\`${reason}\`: ${says}`)
  .join('; ')

const StandingFields = {
  limit: Nullable(Type.Integer({ description: 'Null is unlimited.' })),
  used: Type.Integer({
    description:
      'In this period; above the limit where a smaller plan left it there. Of `members`: the members, and the invites that are out.',
  }),
  remaining: Nullable(Type.Integer({ description: 'Null is any amount.' })),
  resets_at: Nullable(Type.String({ format: 'date-time', description: 'Null for a level, which does not.' })),
}

/** How an account stands with one limit. */
export const StandingSchema = Type.Object({
  per: Nullable(Type.Enum([...rates], { description: 'Null for a level.' })),
  ...StandingFields,
})

const CheckShape = Type.Object({
  allowed: Type.Boolean(),
  reason: Type.Enum(Object.keys(checkReasons) as (keyof typeof checkReasons)[], {
    description: `${reasonsInWords}.`,
  }),
  plan: Type.String({ description: 'The plan that the account is on.' }),
  limit: Type.Optional(StandingFields.limit),
  used: Type.Optional(StandingFields.used),
  remaining: Type.Optional(StandingFields.remaining),
  resets_at: Type.Optional(StandingFields.resets_at),
  upgrade: Type.Optional(
    Nullable(
      Type.Object(
        { plan: Type.String(), url: Type.String() },
        {
          description:
            'Of what is refused: the lowest public plan above this one that would allow it, if there is one.',
        },
      ),
    ),
  ),
})

/** Whether an account may, and what of the limit is used. */
export const CheckSchema = named('EntitlementCheck', CheckShape)

/** The same of what was counted. */
export const ConsumedSchema = named(
  'ConsumedUsage',
  Type.Object({
    ...CheckShape.properties,
    counted: Type.Optional(
      Type.Boolean({
        description:
          'Whether this call counted it; false where an earlier one with the same `idempotency_key` had.',
      }),
    ),
  }),
)

/** How an account stands with a limit, in the words of the wire. */
export function describeStanding({ per, ...standing }: Standing) {
  return { per, ...describeCount(standing) }
}

/** A check in the words of the wire. */
export function describeCheck(
  { allowed, reason, plan, standing, upgrade }: Check,
  { upgradeUrl }: Pick<Config, 'upgradeUrl'>,
): Static<typeof CheckSchema> {
  return {
    allowed,
    reason,
    plan,
    ...(standing && describeCount(standing)),
    ...(!allowed && { upgrade: upgrade === null ? null : { plan: upgrade, url: upgradeUrl } }),
  }
}

/** The refusal of a call that would have used more than there is: what the check says, and what every 402 says. */
export function limitReached(check: Check, standing: Standing, { upgradeUrl }: Pick<Config, 'upgradeUrl'>) {
  const { plan, upgrade } = check
  return problem('limit-reached', {
    allowed: false,
    reason: 'limit-reached',
    plan,
    ...describeCount(standing),
    upgrade: upgrade === null ? null : { plan: upgrade, url: upgradeUrl },
    required_plan: upgrade,
    upgrade_url: upgradeUrl,
  })
}

function describeCount({ amount, used, period }: Omit<Standing, 'per'>) {
  return {
    limit: amount,
    used,
    remaining: remainingOf({ amount, used }),
    resets_at: period.end?.toISOString() ?? null,
  }
}
