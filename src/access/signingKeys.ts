import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { Config, Secret } from '../config.ts'
import type { Db } from '../db/database.ts'
import type { Tx } from '../db/transaction.ts'
import { seal, unseal } from '../secrets/seal.ts'

const KEYS_LOCK = 3_105_619
const context = (kid: string) => `signing key ${kid}`

/** How long a new key is published before it signs, so that nobody's cached key set lacks it. */
const PUBLISH_AHEAD_SECONDS = 600

/** A key pair, and from when it signs. */
export interface SigningKey {
  kid: string
  /** Opened only by who signs: a retired key still verifies when the secret that sealed it is gone. */
  openPrivateKey: () => KeyObject
  publicKey: KeyObject
  publicJwk: JsonWebKey
  signsFrom: Date
}

/** Makes the first key of a new installation; harmless when several processes start at once. */
export async function ensureSigningKey(tx: Tx, config: Pick<Config, 'secrets'>, at: Date): Promise<void> {
  await sql`select pg_advisory_xact_lock(${KEYS_LOCK})`.execute(tx)
  const known = await tx.selectFrom('signing_keys').select('id').limit(1).executeTakeFirst()
  if (!known) await insertKey(tx, config.secrets, { at, signsFrom: at })
}

/**
 * Adds a key that signs after it has been published for a while, or at once with `now`. Tokens of the old
 * one stay valid until they expire.
 */
export async function rotateSigningKey(
  tx: Tx,
  config: Pick<Config, 'secrets'>,
  at: Date,
  { now = false } = {},
): Promise<{ kid: string; signsFrom: Date }> {
  await sql`select pg_advisory_xact_lock(${KEYS_LOCK})`.execute(tx)
  const signsFrom = now ? at : new Date(at.getTime() + PUBLISH_AHEAD_SECONDS * 1000)
  return { kid: await insertKey(tx, config.secrets, { at, signsFrom }), signsFrom }
}

/** All keys, the newest first. */
export async function loadSigningKeys(db: Db, secrets: readonly Secret[]): Promise<SigningKey[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .selectAll()
    .orderBy('signs_from', 'desc')
    .orderBy('id', 'desc')
    .execute()
  return rows.map(({ id, public_jwk, private_key_encrypted, signs_from }) => {
    const publicJwk = public_jwk as JsonWebKey
    return {
      kid: id,
      openPrivateKey() {
        const der = unseal(secrets, context(id), private_key_encrypted)
        return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
      },
      publicKey: createPublicKey({ key: publicJwk, format: 'jwk' }),
      publicJwk,
      signsFrom: signs_from,
    }
  })
}

async function insertKey(
  tx: Tx,
  secrets: readonly Secret[],
  { at, signsFrom }: { at: Date; signsFrom: Date },
): Promise<string> {
  const id = uuidv7()
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  await tx
    .insertInto('signing_keys')
    .values({
      id,
      public_jwk: JSON.stringify(publicKey.export({ format: 'jwk' })),
      private_key_encrypted: seal(secrets, context(id), privateKey.export({ format: 'der', type: 'pkcs8' })),
      created_at: at,
      signs_from: signsFrom,
    })
    .execute()
  return id
}
