import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProductKey } from '../../src/access/productKeys/createProductKey.ts'
import { ProductKeys } from '../../src/access/productKeys/productKeys.ts'
import type { App } from '../../src/app.ts'
import { inTx } from '../../src/db/transaction.ts'
import { type Scope, systemCaller } from '../../src/http/actor.ts'

const SCOPES: Scope[] = ['entitlements:read', 'usage:write']

/** The file that keeps the product's key: the database has only its hash. */
export function productKeyFile(folder: string): string {
  return join(folder, 'runbooks-key')
}

/** The key that the product asks Frontgate with: the one of the last run while it is good, otherwise a new one. */
export async function keptProductKey(app: App, folder: string): Promise<string> {
  const kept = readKept(folder)
  const known = kept === null ? null : await new ProductKeys(app).verify(kept, app.now())
  if (kept !== null && known && SCOPES.every((scope) => known.scopes.includes(scope))) return kept
  const order = { name: 'Runbooks, the product of the sandbox', scopes: SCOPES, expiresAt: null }
  const { key } = await inTx(app, (tx) => createProductKey(tx, systemCaller, order, app.now()))
  writeFileSync(productKeyFile(folder), `${key}\n`, { mode: 0o600 })
  return key
}

function readKept(folder: string): string | null {
  try {
    return readFileSync(productKeyFile(folder), 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
