import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import Type, { type Static } from 'typebox'
import { problem } from '../problems.ts'

/** What a browser's `navigator.credentials` answers with, as JSON; what it holds is checked where it is verified. */
const credential = (description: string) => ({
  type: 'object',
  description,
  required: ['id', 'rawId', 'type', 'response'],
  properties: {
    id: { type: 'string', maxLength: 2000 },
    rawId: { type: 'string', maxLength: 2000 },
    type: { type: 'string', const: 'public-key' },
    response: {
      type: 'object',
      required: ['clientDataJSON'],
      properties: { clientDataJSON: { type: 'string', maxLength: 10_000 } },
      additionalProperties: true,
    },
  },
  additionalProperties: true,
})

/** A new passkey, as the browser made it. */
export const NewPasskey = Type.Unsafe<RegistrationResponseJSON>(
  credential(
    'What `navigator.credentials.create()` answered, as JSON (WebAuthn Level 3, RegistrationResponseJSON).',
  ),
)

/** What a passkey answers. */
const PasskeyAnswer = Type.Unsafe<AuthenticationResponseJSON>(
  credential(
    'What `navigator.credentials.get()` answered, as JSON (WebAuthn Level 3, AuthenticationResponseJSON).',
  ),
)

/** A code of an authenticator app. */
export const TotpCode = Type.String({ pattern: '^\\s*(\\d\\s*){6}$', maxLength: 20 })

/** The fields of a body that proves a factor: one of them. */
export const ProofFields = {
  code: Type.Optional(TotpCode),
  recovery_code: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  passkey: Type.Optional(PasskeyAnswer),
}

/** What proves a factor. */
export type Proof = { code: string } | { recovery_code: string } | { passkey: AuthenticationResponseJSON }

/** The one proof in a body; 422 for none and for several. */
export function proofOf({ code, recovery_code, passkey }: Static<Type.TObject<typeof ProofFields>>): Proof {
  const proofs: Proof[] = []
  if (code !== undefined) proofs.push({ code })
  if (recovery_code !== undefined) proofs.push({ recovery_code })
  if (passkey !== undefined) proofs.push({ passkey })
  const [proof, another] = proofs
  if (proof && !another) return proof
  const detail = 'takes one of code, recovery_code and passkey'
  throw problem('invalid-request', { errors: [{ pointer: '#', detail }] })
}
