import Type from 'typebox'
import { Instant, Nullable, Uuid } from '../http/schemas.ts'
import { type Factors, methodsOf } from './factorsOf.ts'

/** What is told of somebody's factors, beside what can be proved. */
export const FactorsFields = {
  totp: Nullable(Type.Object({ since: Instant })),
  passkeys: Type.Array(
    Type.Object({ id: Uuid, name: Type.String(), created_at: Instant, last_used_at: Nullable(Instant) }),
  ),
  recovery_codes_left: Type.Integer(),
}

/** How `methods` are described wherever they are told. */
export const METHODS_TOLD = 'What can be proved; empty: no second factor.'

/** Somebody's factors as they are told. */
export function describeFactors(factors: Factors) {
  return {
    methods: methodsOf(factors),
    totp: factors.totp && { since: factors.totp.since.toISOString() },
    passkeys: factors.passkeys.map(({ id, name, createdAt, lastUsedAt }) => ({
      id,
      name,
      created_at: createdAt.toISOString(),
      last_used_at: lastUsedAt?.toISOString() ?? null,
    })),
    recovery_codes_left: factors.recoveryCodesLeft,
  }
}

/** What an authenticator app is set up with. */
export const TotpOffer = Type.Object({
  secret: Type.String({ description: 'To type, in base32.' }),
  uri: Type.String({ description: 'To scan: an otpauth:// address.' }),
})

/** What a browser makes a passkey from. */
export const PasskeyOffer = Type.Object(
  { challenge: Type.String() },
  {
    additionalProperties: true,
    description: 'For `navigator.credentials.create()`, as JSON (WebAuthn Level 3).',
  },
)

/** Recovery codes, as they were just made. */
export const RecoveryCodes = Type.Array(Type.String(), {
  description: 'Shown this once. Each opens one sign-in in place of another factor.',
})
