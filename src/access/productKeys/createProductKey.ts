import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller, OperatorActor, Scope, SystemActor } from '../../http/actor.ts'
import { refuseOddEnd } from '../../http/instants.ts'
import { type DescribedProductKey, describeProductKey } from './describeProductKey.ts'
import { hashKey, KEY_PREFIX } from './productKeys.ts'

/** What a key is called and good for, and until when; `expiresAt` null is until it is revoked. */
export interface ProductKeyOrder {
  name: string
  scopes: readonly Scope[]
  expiresAt: Date | null
  /** Where somebody gave one. */
  reason?: string | undefined
}

/** Makes a key for a product's server. The reply is the only place where it is ever shown: the row has its hash. */
export async function createProductKey(
  tx: Tx,
  caller: Caller<OperatorActor | SystemActor>,
  { name, scopes, expiresAt, reason }: ProductKeyOrder,
  at: Date,
): Promise<DescribedProductKey & { key: string }> {
  refuseOddEnd('#/expires_at', expiresAt, at)
  const { actor } = caller
  const key = KEY_PREFIX + randomBytes(32).toString('base64url')
  const row = await tx
    .insertInto('product_keys')
    .values({
      id: uuidv7(),
      name,
      key_hash: hashKey(key),
      last_four: key.slice(-4),
      scopes: [...new Set(scopes)].sort(),
      created_by: actor.kind === 'operator' ? actor.operatorId : null,
      created_at: at,
      expires_at: expiresAt,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  const details = {
    product_key: row.id,
    scopes: row.scopes,
    expires_at: expiresAt?.toISOString() ?? null,
    reason,
  }
  await audit(tx, caller, { action: 'product-key.created', details }, at)
  return { ...describeProductKey(row), key }
}
