/** A stored hash, read as far as computing it needs. */
export type StoredHash =
  | { kind: 'argon2'; memoryKib: number; passes: number; lanes: number; text: string }
  | { kind: 'bcrypt'; rounds: number; text: string }
  | (Scrypt & { kind: 'scrypt' })
  /** What Firebase stores: the project's signer key, encrypted with what scrypt makes of the password. */
  | (Scrypt & { kind: 'firebase-scrypt'; signerKey: Buffer })
  | { kind: 'pbkdf2'; digest: Digest; iterations: number; salt: Buffer; key: Buffer }

export interface Scrypt {
  /** How often, a power of two. */
  n: number
  blocks: number
  lanes: number
  salt: Buffer
  key: Buffer
}

export type Digest = 'sha1' | 'sha256' | 'sha512'

const LONGEST = 1024
const MOST_DIGITS = 12

type Reader = [form: RegExp, read: (parts: string[], text: string) => StoredHash | null]

/** As a number, or beyond every ceiling. */
const count = (digits = '') => (digits.length > MOST_DIGITS ? Number.POSITIVE_INFINITY : Number(digits))

/** Every form that is known, by who writes it. */
const readers: Reader[] = [
  // The reference implementation, and everybody after it.
  [
    /^\$argon2(?:i|d|id)\$(?:v=(?:16|19)\$)?m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{14,86})$/,
    ([memory, passes, lanes, salt, key], text) => {
      const read = { memoryKib: count(memory), passes: count(passes), lanes: count(lanes) }
      const isKnown = read.passes > 0 && read.lanes > 0 && read.memoryKib >= 8 * read.lanes
      return isKnown && isCanonical(salt) && isCanonical(key) ? { kind: 'argon2', ...read, text } : null
    },
  ],
  // Auth0, Clerk, Rails, Laravel, Spring; Django writes a word before it.
  [
    /^(?:bcrypt\$)?(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53})$/,
    ([text = '', rounds]) => ({ kind: 'bcrypt', rounds: count(rounds), text }),
  ],
  // PHC strings, passlib.
  [
    /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/,
    ([ln, r, p, salt, key]) => scryptOf(2 ** count(ln), [r, p], bytes(salt), bytes(key)),
  ],
  // Django, whose salts are text.
  [
    /^scrypt\$(\d+)\$([^$]+)\$(\d+)\$(\d+)\$([^$]+)$/,
    ([n, salt, r, p, key]) => scryptOf(count(n), [r, p], Buffer.from(salt ?? ''), bytes(key)),
  ],
  // Werkzeug, whose salts are text and whose keys are hexadecimal.
  [
    /^scrypt:(\d+):(\d+):(\d+)\$([^$]+)\$((?:[0-9a-f]{2})+)$/,
    ([n, r, p, salt, key]) =>
      scryptOf(count(n), [r, p], Buffer.from(salt ?? ''), Buffer.from(key ?? '', 'hex')),
  ],
  // Our own writing of Firebase's: its hash parameters, and of the user the salt and the hash.
  [
    /^\$firebase-scrypt\$ln=(\d+),r=(\d+)\$([^$]+)\$([^$]+)\$([^$]+)\$([^$]+)$/,
    ([ln, r, signer, separator, salt, key]) => {
      const signerKey = bytes(signer)
      const [first, last] = [bytes(salt), bytes(separator)]
      const read =
        first && last && scryptOf(2 ** count(ln), [r, '1'], Buffer.concat([first, last]), bytes(key))
      return read && signerKey?.length === read.key.length
        ? { ...read, kind: 'firebase-scrypt', signerKey }
        : null
    },
  ],
  // PHC strings, passlib.
  [
    /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d+)(?:,l=\d+)?\$([^$]+)\$([^$]+)$/,
    ([digest = 'sha1', iterations, salt, key]) => pbkdf2Of(digest, iterations, bytes(salt), bytes(key)),
  ],
  // Django.
  [
    /^pbkdf2_(sha1|sha256)\$(\d+)\$([^$]+)\$([^$]+)$/,
    ([digest, iterations, salt, key]) => pbkdf2Of(digest, iterations, Buffer.from(salt ?? ''), bytes(key)),
  ],
  // Werkzeug.
  [
    /^pbkdf2:(sha1|sha256|sha512):(\d+)\$([^$]+)\$((?:[0-9a-f]{2})+)$/,
    ([digest, iterations, salt, key]) =>
      pbkdf2Of(digest, iterations, Buffer.from(salt ?? ''), Buffer.from(key ?? '', 'hex')),
  ],
]

/** Reads a stored hash of any form that is known; null for everything else. Nothing is computed. */
export function readHash(stored: string): StoredHash | null {
  if (stored.length > LONGEST) return null
  for (const [form, read] of readers) {
    const [, ...parts] = form.exec(stored) ?? []
    if (parts.length > 0) return read(parts, stored)
  }
  return null
}

function scryptOf(
  n: number,
  [r, p]: (string | undefined)[],
  salt: Buffer | null,
  key: Buffer | null,
): (Scrypt & { kind: 'scrypt' }) | null {
  const read = { n, blocks: count(r), lanes: count(p) }
  const ln = Math.log2(n)
  const isKnown = Number.isInteger(ln) && ln > 0 && ln < 16 * read.blocks && read.lanes > 0
  return isKnown && salt && isKey(key) ? { kind: 'scrypt', ...read, salt, key } : null
}

function pbkdf2Of(
  digest: string | undefined,
  iterations: string | undefined,
  salt: Buffer | null,
  key: Buffer | null,
): StoredHash | null {
  const isKnown = count(iterations) > 0 && salt && isKey(key)
  return isKnown
    ? { kind: 'pbkdf2', digest: digest as Digest, iterations: count(iterations), salt, key }
    : null
}

/** So short a key would be guessed, and so long a one is none. */
const isKey = (key: Buffer | null): key is Buffer => key !== null && key.length >= 16 && key.length <= 256

/** The library takes no other. */
const isCanonical = (text = '') => Buffer.from(text, 'base64').toString('base64').replace(/=+$/, '') === text

/** Base64 with and without padding, and as passlib writes it, with a dot for the plus. */
function bytes(text = ''): Buffer | null {
  const plain = text.replaceAll('.', '+').replace(/=+$/, '')
  return /^[A-Za-z0-9+/]+$/.test(plain) ? Buffer.from(plain, 'base64') : null
}
