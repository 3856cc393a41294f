import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Tx } from '../../db/transaction.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { columnOf, type Holder, namedIn } from '../holder.ts'
import { CODE_BYTES, codeOf } from './rules.ts'

const COUNT = 10

/** Ten new codes in place of those before, to be shown this once: only their hashes are kept. */
export async function replaceRecoveryCodes(tx: Tx, holder: Holder, at: Date): Promise<string[]> {
  const codes = Array.from({ length: COUNT }, () => codeOf(randomBytes(CODE_BYTES)))
  const rows = codes.map((code) => ({
    id: uuidv7(),
    ...namedIn(holder),
    code_hash: hashToken(code),
    made_at: at,
  }))
  await Promise.all([
    tx.deleteFrom('factor_recovery_codes').where(columnOf(holder), '=', holder.id).execute(),
    tx.insertInto('factor_recovery_codes').values(rows).execute(),
  ])
  return codes
}
