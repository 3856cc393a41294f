import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { FactorMethod } from '../../factors/factorsOf.ts'
import { askForPasskey } from '../../factors/passkeys/askForPasskey.ts'
import type { Caller } from '../../http/actor.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import type { KnownOperator } from './beginSession.ts'

const LIVES_MS = 10 * 60_000
const TOKEN_BYTES = 32

/** What an operator whose link was right is told, to go on. */
export interface Asked {
  /** Whoever holds it has followed a link. */
  token: string
  expiresAt: Date
  methods: FactorMethod[]
  passkey: object | null
}

/** Remembers that an operator who is held has followed a link, for one sign-in within ten minutes, and asks for a second factor. */
export async function askForFactor(
  tx: Tx,
  app: Pick<App, 'config'>,
  caller: Caller,
  { operator: { id: operatorId }, methods }: { operator: KnownOperator; methods: FactorMethod[] },
  at: Date,
): Promise<Asked> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const expiresAt = new Date(at.getTime() + LIVES_MS)
  const [passkey] = await Promise.all([
    askForPasskey(tx, app, { kind: 'operator', id: operatorId }, at),
    tx
      .insertInto('operator_challenges')
      .values({
        id: uuidv7(),
        operator_id: operatorId,
        token_hash: hashToken(token),
        created_at: at,
        expires_at: expiresAt,
      })
      .execute(),
    audit(tx, caller, { action: 'operator.link-followed', details: { operator: operatorId } }, at),
  ])
  return { token, expiresAt, methods, passkey: passkey && { ...passkey } }
}
