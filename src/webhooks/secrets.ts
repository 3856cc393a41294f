import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Config } from '../config.ts'
import type { Tx } from '../db/transaction.ts'
import { seal, unseal } from '../secrets/seal.ts'

const PREFIX = 'whsec_'
const BYTES = 32

const context = (endpointId: string) => `webhook secret ${endpointId}`

/** Gives an endpoint a new secret beside those that it has, and returns it: the only time that it is shown. */
export async function addSecret(
  tx: Tx,
  { secrets }: Pick<Config, 'secrets'>,
  endpointId: string,
  at: Date,
): Promise<string> {
  const bytes = randomBytes(BYTES)
  await tx
    .insertInto('webhook_secrets')
    .values({
      id: uuidv7(),
      endpoint_id: endpointId,
      sealed: seal(secrets, context(endpointId), bytes),
      created_at: at,
    })
    .execute()
  return PREFIX + bytes.toString('base64')
}

/** A stored secret as it signs. */
export function openSecret({ secrets }: Pick<Config, 'secrets'>, endpointId: string, sealed: Buffer): string {
  return PREFIX + unseal(secrets, context(endpointId), sealed).toString('base64')
}

/** Seals all secrets with the first one of SECRET, so that those behind it can go. */
export async function resealSecrets(tx: Tx, { secrets }: Pick<Config, 'secrets'>): Promise<void> {
  const rows = await tx
    .selectFrom('webhook_secrets')
    .select(['id', 'endpoint_id', 'sealed'])
    .orderBy('id')
    .forUpdate()
    .execute()
  for (const { id, endpoint_id, sealed } of rows) {
    const bytes = unseal(secrets, context(endpoint_id), sealed)
    await tx
      .updateTable('webhook_secrets')
      .set({ sealed: seal(secrets, context(endpoint_id), bytes) })
      .where('id', '=', id)
      .execute()
  }
}
