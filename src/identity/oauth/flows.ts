import { createHash, randomBytes } from 'node:crypto'
import type { ExpressionBuilder } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import type { DB } from '../../db/tables.ts'
import type { Expected } from '../../oidc/openOidc.ts'
import type { ProviderName } from '../../oidc/rules.ts'
import { seal, unseal } from '../../secrets/seal.ts'

export const FLOW_LIVES_MS = 600_000

/** What somebody wants at a provider, and what must not get lost on the way. */
export interface Flow {
  provider: ProviderName
  intent: 'sign-in' | 'link'
  /** The session that an identity is to be linked from. */
  sessionId: string | null
  /** The path or address that `placeToReturn` let pass. */
  returnTo: string
  inviteToken: string | null
}

/** A flow that was found again. One that is over still says where its browser wanted to go. */
export interface FoundFlow extends Flow {
  expected: Expected
  isOver: boolean
}

/** Makes what the answer of a provider must fit: 256 random bits each. */
export function newExpected(): Expected {
  const [state, nonce, codeVerifier] = [random(), random(), random()]
  return { state, nonce, codeVerifier }
}

/** Remembers a flow that begins now, for one browser. */
export async function beginFlow(
  app: App,
  { expected, browserHash, ...flow }: Flow & { expected: Expected; browserHash: Buffer },
  at: Date,
): Promise<void> {
  const id = uuidv7()
  const { nonce, codeVerifier } = expected
  const { provider, intent, sessionId, returnTo, inviteToken } = flow
  const kept: Sealed = { nonce, codeVerifier, returnTo, inviteToken }
  await app.db
    .insertInto('oauth_flows')
    .values({
      id,
      state_hash: hash(expected.state),
      browser_hash: browserHash,
      provider,
      intent,
      session_id: sessionId,
      sealed: seal(app.config.secrets, contextOf(id), Buffer.from(JSON.stringify(kept))),
      created_at: at,
      expires_at: new Date(at.getTime() + FLOW_LIVES_MS),
    })
    .execute()
}

/**
 * Ends the flow that an answer belongs to: of several answers one finds it alive. Null where this browser began no
 * such flow with this provider; then nothing is ended, so that nobody can end the flow of somebody else.
 */
export async function endFlow(
  { db, config }: App,
  { state, browserHash, provider }: { state: string; browserHash: Buffer; provider: ProviderName },
  at: Date,
): Promise<FoundFlow | null> {
  const [stateHash, columns] = [hash(state), ['id', 'intent', 'session_id', 'sealed'] as const]
  const isOwn = (e: ExpressionBuilder<DB, 'oauth_flows'>) =>
    e.and({ state_hash: stateHash, browser_hash: browserHash, provider })
  const alive = await db
    .updateTable('oauth_flows')
    .set({ used_at: at })
    .where(isOwn)
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .returning(columns)
    .executeTakeFirst()
  const row = alive ?? (await db.selectFrom('oauth_flows').select(columns).where(isOwn).executeTakeFirst())
  if (!row) return null
  const sealed = unseal(config.secrets, contextOf(row.id), row.sealed).toString()
  const { nonce, codeVerifier, returnTo, inviteToken } = JSON.parse(sealed) as Sealed
  return {
    provider,
    intent: row.intent as Flow['intent'],
    sessionId: row.session_id,
    returnTo,
    inviteToken,
    expected: { state, nonce, codeVerifier },
    isOver: !alive,
  }
}

/** Forgets flows that are over, a day later. */
export async function forgetFlows({ db }: App, at: Date): Promise<void> {
  const dayAgo = new Date(at.getTime() - DAY)
  await db.deleteFrom('oauth_flows').where('expires_at', '<', dayAgo).execute()
}

interface Sealed {
  nonce: string
  codeVerifier: string
  returnTo: string
  inviteToken: string | null
}

const DAY = 86_400_000
const BYTES = 32
const random = () => randomBytes(BYTES).toString('base64url')
const hash = (text: string) => createHash('sha256').update(text).digest()
const contextOf = (id: string) => `oauth flow ${id}`
