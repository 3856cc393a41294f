import { Secret, TOTP } from 'otpauth'
import type { App } from '../../app.ts'
import { seal, unseal } from '../../secrets/seal.ts'

const SECRET_BYTES = 20
const STEP_SECONDS = 30
/** How far a telephone's clock may be off, in steps either way (RFC 6238, 5.2 suggests one). */
const STEPS_OFF = 1

/** Makes a secret for an authenticator app: 160 random bits, as RFC 4226 recommends. */
export function newSecret(): Secret {
  return new Secret({ size: SECRET_BYTES })
}

/** What codes are made with. Six digits, thirty seconds and SHA-1: all that every authenticator app knows. */
export function totpOf(secret: Secret, { issuer, label }: { issuer?: string; label?: string } = {}): TOTP {
  return new TOTP({ secret, algorithm: 'SHA1', digits: 6, period: STEP_SECONDS, issuer, label })
}

/** The step that a typed code belongs to; null where it is none of now, the one before, and the one after. */
export function stepOf(secret: Secret, typed: string, at: Date): number | null {
  const totp = totpOf(secret)
  const timestamp = at.getTime()
  const off = totp.validate({ token: typed.replaceAll(/\s/g, ''), timestamp, window: STEPS_OFF })
  return off === null ? null : totp.counter({ timestamp }) + off
}

/** As it is kept, for the row with this id. */
export function sealSecret({ config }: Pick<App, 'config'>, id: string, secret: Secret): Buffer {
  return seal(config.secrets, contextOf(id), Buffer.from(secret.bytes))
}

/** What `sealSecret` kept. */
export function unsealSecret({ config }: Pick<App, 'config'>, id: string, sealed: Buffer): Secret {
  return new Secret({ buffer: Uint8Array.from(unseal(config.secrets, contextOf(id), sealed)).buffer })
}

/** Whether the first of the secrets opens it, the one that `sealSecret` takes. */
export function isSealedAnew({ config }: Pick<App, 'config'>, id: string, sealed: Buffer): boolean {
  try {
    unseal([config.secrets[0]], contextOf(id), sealed)
    return true
  } catch {
    return false
  }
}

const contextOf = (id: string) => `totp ${id}`
