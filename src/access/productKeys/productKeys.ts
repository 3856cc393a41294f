import { createHash } from 'node:crypto'
import type { App } from '../../app.ts'
import type { Db } from '../../db/database.ts'
import type { Scope } from '../../http/actor.ts'
import { Recent } from '../recent.ts'

/** Fixed, so that scanners for leaked secrets know a key when they see one; behind it are 256 bits. */
export const KEY_PREFIX = 'fg_'
const KEY = /^fg_[\w-]{43}$/
const NOTE_USE_EVERY_SECONDS = 60

/** A key as its row has it; whether it opens anything is decided from the time. */
interface ProductKey {
  id: string
  scopes: readonly Scope[]
  expiresAt: Date | null
  revokedAt: Date | null
}

/** Knows product keys when they are presented: one revoked here is refused at once, on other replicas within a second. */
export class ProductKeys {
  readonly #db: Db
  readonly #recent: Recent<ProductKey>

  constructor({ db, changes }: Pick<App, 'db' | 'changes'>) {
    this.#db = db
    this.#recent = new Recent(changes, ({ id }) => ({ subjects: [`product-key:${id}`] }))
  }

  /** The key with this text, or null for one that is unknown, revoked or expired. */
  async verify(text: string, at: Date): Promise<ProductKey | null> {
    if (!KEY.test(text)) return null
    const hash = hashKey(text)
    const key = await this.#recent.get(hash.toString('base64url'), () => this.#read(hash, at))
    return key && isGood(key, at) ? key : null
  }

  async #read(hash: Buffer, at: Date): Promise<ProductKey | null> {
    const row = await this.#db
      .selectFrom('product_keys')
      .select(['id', 'scopes', 'expires_at', 'revoked_at', 'last_used_at'])
      .where('key_hash', '=', hash)
      .executeTakeFirst()
    if (!row) return null
    const { id, scopes, expires_at: expiresAt, revoked_at: revokedAt } = row
    const key = { id, scopes: scopes as Scope[], expiresAt, revokedAt }
    const noteBefore = new Date(at.getTime() - NOTE_USE_EVERY_SECONDS * 1000)
    const isNoted = row.last_used_at !== null && row.last_used_at > noteBefore
    if (isGood(key, at) && !isNoted) await this.#noteUse(id, noteBefore, at)
    return key
  }

  async #noteUse(id: string, noteBefore: Date, at: Date): Promise<void> {
    await this.#db
      .updateTable('product_keys')
      .set({ last_used_at: at })
      .where('id', '=', id)
      .where((e) => e.or([e('last_used_at', 'is', null), e('last_used_at', '<=', noteBefore)]))
      .execute()
  }
}

/** What is stored of a key. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

function isGood({ expiresAt, revokedAt }: ProductKey, at: Date): boolean {
  return revokedAt === null && (expiresAt === null || at < expiresAt)
}
