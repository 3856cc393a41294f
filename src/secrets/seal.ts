import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Secret } from '../config.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Encrypts for storage (AES-256-GCM); `context` says what it is, and opening it elsewhere fails. */
export function seal(secrets: readonly Secret[], context: string, plain: Buffer): Buffer {
  const [first] = secrets
  if (!first) throw new Error('No secret to encrypt with')
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyFrom(first, context), nonce)
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Decrypts what `seal` made with any of the secrets. */
export function unseal(secrets: readonly Secret[], context: string, sealed: Buffer): Buffer {
  for (const secret of secrets) {
    try {
      const nonce = sealed.subarray(0, NONCE_BYTES)
      // With the length said, a tag that was cut short is refused instead of being easier to forge.
      const decipher = createDecipheriv('aes-256-gcm', keyFrom(secret, context), nonce, {
        authTagLength: TAG_BYTES,
      })
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
    } catch {
      // Sealed with another of the secrets, perhaps: the tag tells.
    }
  }
  throw new Error(`None of the secrets in SECRET opens ${context}; was one removed too early?`)
}

function keyFrom(secret: Secret, context: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret.reveal(), '', `seal\0${context}`, 32))
}
