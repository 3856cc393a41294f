import { createHmac, timingSafeEqual } from 'node:crypto'
import { stringify as formatUuid, parse as parseUuid } from 'uuid'
import type { Secret } from '../config.ts'

const PREFIX = 'fgr_'
const ID_BYTES = 16
const GENERATION_BYTES = 4
const MAC_BYTES = 32

/** What a refresh token says: which session, and which of its tokens this is. */
export interface RefreshToken {
  sessionId: string
  generation: number
}

/**
 * Makes the token of a generation: session, generation, and an HMAC under the session's own key. The same
 * generation always makes the same token, which is how a predecessor gets the same successor.
 */
export function makeRefreshToken(secrets: readonly Secret[], token: RefreshToken): string {
  const [first] = secrets
  if (!first) throw new Error('No secret to make refresh tokens with')
  const body = bodyOf(token)
  return PREFIX + Buffer.concat([body, mac(first, body)]).toString('base64url')
}

/** Reads a token that we made; null for anything else, before any row is looked at. */
export function readRefreshToken(secrets: readonly Secret[], text: string): RefreshToken | null {
  if (!text.startsWith(PREFIX)) return null
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url')
  // Decoding is lenient; of the spellings of one token only ours is one.
  if (bytes.toString('base64url') !== text.slice(PREFIX.length)) return null
  if (bytes.length !== ID_BYTES + GENERATION_BYTES + MAC_BYTES) return null
  const [body, presented] = [bytes.subarray(0, -MAC_BYTES), bytes.subarray(-MAC_BYTES)]
  if (!secrets.some((secret) => timingSafeEqual(mac(secret, body), presented))) return null
  return { sessionId: formatUuid(body.subarray(0, ID_BYTES)), generation: body.readUInt32BE(ID_BYTES) }
}

function bodyOf({ sessionId, generation }: RefreshToken): Buffer {
  const body = Buffer.alloc(ID_BYTES + GENERATION_BYTES, parseUuid(sessionId))
  body.writeUInt32BE(generation, ID_BYTES)
  return body
}

function mac(secret: Secret, body: Buffer): Buffer {
  // The session's key is derived from the secret, so that a copy of the database forges nothing.
  const sessionKey = createHmac('sha256', secret.reveal())
    .update('refresh-token\0')
    .update(body.subarray(0, ID_BYTES))
    .digest('hex')
  // A text as the key: given bytes, Node throws and catches an error with its stack to learn what they are.
  return createHmac('sha256', sessionKey).update(body).digest()
}
