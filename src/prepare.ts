import { ensureSigningKey } from './access/signingKeys.ts'
import type { App } from './app.ts'
import { protectTrail } from './audit/protectTrail.ts'
import { applyCatalogue } from './catalogue/applyCatalogue.ts'
import { readCatalogueFile } from './catalogue/catalogueFile.ts'
import { migrate } from './db/migrate.ts'
import { inTx } from './db/transaction.ts'

/** Brings a database to what this version needs; harmless when several processes start at once. */
export async function prepareDatabase(app: App): Promise<{ migrations: string[] }> {
  const migrations = await migrate(app)
  await protectTrail(app)
  const { db, config } = app
  const [applied, key] = await Promise.all([
    db.selectFrom('catalogue_versions').select('version').limit(1).executeTakeFirst(),
    db.selectFrom('signing_keys').select('id').limit(1).executeTakeFirst(),
  ])
  if (!applied) {
    const file = await readCatalogueFile(config.catalogueFile)
    await inTx(app, (tx) => applyCatalogue(tx, file, app.now()))
  }
  if (!key) await inTx(app, (tx) => ensureSigningKey(tx, config, app.now()))
  return { migrations }
}
