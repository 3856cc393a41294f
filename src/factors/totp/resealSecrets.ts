import type { App } from '../../app.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import { isSealedAnew, sealSecret, unsealSecret } from './sealedSecret.ts'

const BATCH = 500
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

/**
 * Seals what authenticator apps share with us with the first of the secrets, so that an older one can go: a batch in each
 * transaction, so that nobody who signs in waits for all of them, and again until nothing is sealed with another one.
 */
export async function resealTotpSecrets(app: App): Promise<void> {
  while ((await resealAll(app)) > 0);
}

/** Goes through all of them once; says how many were sealed with an older secret. */
async function resealAll(app: App): Promise<number> {
  let resealed = 0
  let after: string | null = FIRST_ID
  while (after !== null) {
    const from: string = after
    const batch = await inTx(app, (tx) => resealBatch(tx, app, from))
    resealed += batch.resealed
    after = batch.last
  }
  return resealed
}

async function resealBatch(
  tx: Tx,
  app: App,
  after: string,
): Promise<{ resealed: number; last: string | null }> {
  const rows = await tx
    .selectFrom('factor_totp')
    .select(['id', 'sealed_secret'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(BATCH)
    .forUpdate()
    .execute()
  const old = rows.filter(({ id, sealed_secret }) => !isSealedAnew(app, id, sealed_secret))
  await Promise.all(
    old.map(({ id, sealed_secret }) =>
      tx
        .updateTable('factor_totp')
        .set({ sealed_secret: sealSecret(app, id, unsealSecret(app, id, sealed_secret)) })
        .where('id', '=', id)
        .execute(),
    ),
  )
  return { resealed: old.length, last: rows.length < BATCH ? null : (rows.at(-1)?.id ?? null) }
}
