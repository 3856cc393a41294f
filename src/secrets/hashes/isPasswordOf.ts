import { createCipheriv, pbkdf2, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { verify as verifyArgon2 } from '@node-rs/argon2'
import { verify as verifyBcrypt } from '@node-rs/bcrypt'
import type { Scrypt, StoredHash } from './readHash.ts'

const stretch = promisify(pbkdf2)
const fill = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

const FIREBASE_KEY_BYTES = 32

/**
 * Whether a hash is that of a password. All of them are computed in threads beside the one that answers requests. The caller
 * has made sure that it is not too dear.
 */
export async function isPasswordOf(hash: StoredHash, password: string): Promise<boolean> {
  switch (hash.kind) {
    case 'argon2':
      return verifyArgon2(hash.text, password)
    // It looks at 72 bytes, as whoever made the hash did; with the right ones the whole password is hashed anew.
    case 'bcrypt':
      return verifyBcrypt(password, hash.text)
    case 'scrypt':
      return timingSafeEqual(await scryptKey(hash, password, hash.key.length), hash.key)
    case 'firebase-scrypt': {
      const cipher = createCipheriv(
        'aes-256-ctr',
        await scryptKey(hash, password, FIREBASE_KEY_BYTES),
        Buffer.alloc(16),
      )
      return timingSafeEqual(cipher.update(hash.signerKey), hash.key)
    }
    case 'pbkdf2': {
      const { salt, iterations, key, digest } = hash
      return timingSafeEqual(await stretch(password, salt, iterations, key.length, digest), key)
    }
  }
}

function scryptKey({ n, blocks, lanes, salt }: Scrypt, password: string, bytes: number): Promise<Buffer> {
  // Somewhat more than it fills; Node's own bound is far lower.
  const maxmem = 128 * blocks * (n + lanes + 8) + 1024
  return fill(password, salt, bytes, { N: n, r: blocks, p: lanes, maxmem })
}
