import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { type Catalogue, Catalogues } from '../catalogue/catalogue.ts'
import type { AccountFacts } from '../entitlements/facts.ts'
import type {
  MemberActor,
  OperatorRole,
  ProductKeyActor,
  SignedInOperator,
  UserActor,
} from '../http/actor.ts'
import type { Asked } from '../http/memory.ts'
import type { Authenticator } from '../http/route.ts'
import { problem } from '../problems.ts'
import { AccessTokens, type VerifiedToken } from './accessTokens.ts'
import { KEY_PREFIX, ProductKeys } from './productKeys/productKeys.ts'
import { Recent } from './recent.ts'
import { lacksSecondFactor } from './rules.ts'
import { readOpenAccount, readSnapshot, type Snapshot } from './snapshot.ts'
import { Snapshots } from './snapshots.ts'

/** Who is calling, and what their account may do: one per process. */
export class Access implements Authenticator {
  readonly tokens: AccessTokens
  readonly catalogues: Catalogues
  readonly #app: App
  readonly #snapshots: Snapshots
  readonly #productKeys: ProductKeys
  /** Facts of accounts that are open, by their id. */
  readonly #accounts: Recent<AccountFacts>
  /** Which snapshot an actor was made from, so that a handler decides on what the authoriser saw. */
  readonly #madeFrom = new WeakMap<UserActor, Snapshot>()

  constructor(app: App) {
    this.#app = app
    this.tokens = new AccessTokens(app)
    this.catalogues = new Catalogues(app.db)
    this.#snapshots = new Snapshots(app.db, app.changes)
    this.#productKeys = new ProductKeys(app)
    this.#accounts = new Recent(app.changes, ({ accountId }) => ({
      subjects: [`account:${accountId}`, 'catalogue'],
      usage: `usage:${accountId}`,
    }))
  }

  /** The bearer of a live session; 401 otherwise. */
  async user(request: FastifyRequest, at: Date, isRead = false): Promise<UserActor> {
    const token = await this.#verified(request, at)
    if (token.kind !== 'user') throw problem('unauthenticated', undefined, { headers: refusedToken })
    const { sid, account_id } = token.claims
    const snapshot = await (isRead
      ? readSnapshot(this.#app.db, sid, account_id)
      : this.#snapshots.get(sid, account_id))
    if (!isLive(snapshot, at)) throw problem('session-expired', undefined, { headers: refusedToken })
    const actor: UserActor = {
      kind: 'user',
      userId: snapshot.user.id,
      sessionId: snapshot.session.id,
      accountId: snapshot.account?.id ?? null,
      role: snapshot.role,
    }
    this.#madeFrom.set(actor, snapshot)
    return actor
  }

  /**
   * A member of the account that the token names; 403 when membership has ended, the account is closed, or it asks for a
   * second factor that has not proved the session.
   */
  async member(
    request: FastifyRequest,
    at: Date,
    { isRead = false, isUnproved = false } = {},
  ): Promise<MemberActor> {
    const actor = await this.user(request, at, isRead)
    const snapshot = this.snapshotOf(actor)
    if (snapshot.account?.closedAt) throw problem('account-closed')
    if (!isMember(snapshot)) {
      throw problem('forbidden', undefined, {
        detail: actor.accountId
          ? 'You are not, or no longer, a member of this account.'
          : 'You are not a member of any account. Create one, or ask for an invite.',
      })
    }
    if (!isUnproved && lacksSecondFactor(snapshot)) {
      const security_url = securityUrlOf(this.#app.config)
      throw problem('second-factor-required-here', { security_url })
    }
    return actor as MemberActor
  }

  /**
   * What `member` would see, where it would pass without anything being read; null everywhere else, and `withUsage`
   * also where something has been counted since.
   */
  rememberedMember({ headers, rawHeaders }: Asked, at: Date, withUsage = false): Snapshot | null {
    const text = bearerOf(headers, rawHeaders)
    const token = text ? this.tokens.verifyFromMemory(text, at) : null
    if (token?.kind !== 'user') return null
    const snapshot = this.#snapshots.remembered(token.claims.sid, token.claims.account_id, withUsage)
    return isLive(snapshot, at) && isMember(snapshot) && !lacksSecondFactor(snapshot) ? snapshot : null
  }

  /** Staff with a token of their own, who are staff still, and whose session is not over; 403 for users. */
  async operator(request: FastifyRequest, at: Date): Promise<SignedInOperator> {
    const token = await this.#verified(request, at)
    if (token.kind === 'user') throw problem('forbidden', undefined, { detail: 'This is for operators.' })
    const { sub: operatorId, sid = null } = token.claims
    const known = await this.#app.db
      .selectFrom('operators as o')
      .leftJoin('operator_sessions as s', (join) =>
        join.onRef('s.operator_id', '=', 'o.id').on('s.id', '=', sid),
      )
      .select(['o.id', 'o.role', 's.expires_at', 's.ended_at', 's.proved_by'])
      .where('o.id', '=', operatorId)
      .where('o.disabled_at', 'is', null)
      .executeTakeFirst()
    if (!known) throw problem('unauthenticated', undefined, { headers: refusedToken })
    const isOver = known.ended_at !== null || known.expires_at === null || known.expires_at <= at
    if (sid !== null && isOver) throw problem('session-expired', undefined, { headers: refusedToken })
    return {
      kind: 'operator',
      operatorId,
      role: known.role as OperatorRole,
      sessionId: sid,
      // Whoever can have a token printed has the machine, and needs no other proof.
      hasToSetUp: sid !== null && known.proved_by === null && this.#app.config.operatorsNeedSecondFactor,
    }
  }

  /** A product's server with a key that is good; null when the bearer is not written as a key, 401 for any other. */
  async productKey({ headers, raw }: FastifyRequest, at: Date): Promise<ProductKeyActor | null> {
    const text = bearerOf(headers, raw.rawHeaders)
    if (!text?.startsWith(KEY_PREFIX)) return null
    const key = await this.#productKeys.verify(text, at)
    if (!key) throw problem('unauthenticated', undefined, { headers: refusedToken })
    return { kind: 'product-key', keyId: key.id, scopes: key.scopes, expiresAt: key.expiresAt }
  }

  /** The same, where nobody else may ask: 401 for access tokens too. */
  async onlyProductKey(request: FastifyRequest, at: Date): Promise<ProductKeyActor> {
    const actor = await this.productKey(request, at)
    if (actor) return actor
    const headers = isBearer(request.headers.authorization) ? refusedToken : noToken
    throw problem('unauthenticated', undefined, { headers })
  }

  /** What an open account may do, for whoever may ask about any; null when there is none with this id. */
  async openAccount(accountId: string, { withUsage }: { withUsage: boolean }): Promise<AccountFacts | null> {
    return this.#accounts.get(accountId, () => readOpenAccount(this.#app.db, accountId), withUsage)
  }

  /** What the authoriser of this request saw. */
  snapshotOf(actor: UserActor): Snapshot {
    const snapshot = this.#madeFrom.get(actor)
    if (!snapshot) throw new Error('This actor was not made by authentication')
    return snapshot
  }

  /** What holds now, after the handler has changed something or this process has counted something. */
  async snapshotNow({ sessionId, accountId }: MemberActor): Promise<Snapshot> {
    const snapshot = await this.#snapshots.get(sessionId, accountId, true)
    if (!snapshot) throw problem('session-expired', undefined, { headers: refusedToken })
    return snapshot
  }

  /** The catalogue that a snapshot, or the facts of an account, are to be read with. */
  catalogueOf({ catalogueVersion }: Pick<Snapshot, 'catalogueVersion'>): Promise<Catalogue> {
    return this.catalogues.at(catalogueVersion)
  }

  /** The same, where it is in memory. */
  rememberedCatalogueOf({ catalogueVersion }: Snapshot): Catalogue | null {
    return this.catalogues.remembered(catalogueVersion)
  }

  async #verified({ headers, raw }: FastifyRequest, at: Date): Promise<VerifiedToken> {
    if (!isBearer(headers.authorization)) throw problem('unauthenticated', undefined, { headers: noToken })
    const text = bearerOf(headers, raw.rawHeaders)
    const token = text && (await this.tokens.verify(text, at))
    if (!token) throw problem('unauthenticated', undefined, { headers: refusedToken })
    return token
  }
}

/** What RFC 6750 has a caller told who showed no token, and one whose token is refused. */
const noToken = { 'www-authenticate': 'Bearer' }
const refusedToken = { 'www-authenticate': 'Bearer error="invalid_token"' }

const isBearer = (authorization = '') => /^bearer( |$)/i.test(authorization)

/**
 * The one token of a request, or null. Of several Authorization headers Node takes the first, while a proxy in
 * front may have looked at the last.
 */
function bearerOf({ authorization }: IncomingHttpHeaders, rawHeaders: string[]): string | null {
  if (!authorization || !isBearer(authorization)) return null
  const [, text, ...more] = authorization.split(' ')
  return text && more.length === 0 && !isRepeated(rawHeaders) ? text : null
}

function isRepeated(rawHeaders: string[]): boolean {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 'authorization'.length && name.toLowerCase() === 'authorization') count++
  }
  return count > 1
}

function isLive(snapshot: Snapshot | null, at: Date): snapshot is Snapshot {
  return snapshot !== null && !snapshot.session.revokedAt && snapshot.session.expiresAt > at
}

/** The page where a second factor is added or proved. */
export function securityUrlOf({ publicUrl }: Pick<App['config'], 'publicUrl'>): string {
  return `${publicUrl}/security`
}

function isMember({ account, role }: Snapshot): boolean {
  return account !== null && account.closedAt === null && role !== null
}
