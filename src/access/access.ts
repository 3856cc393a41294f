import type { FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { type Catalogue, Catalogues } from '../catalogue/catalogue.ts'
import type { MemberActor, OperatorActor, UserActor } from '../http/actor.ts'
import type { Authenticator } from '../http/route.ts'
import { then } from '../http/then.ts'
import { problem } from '../problems.ts'
import { AccessTokens, type VerifiedToken } from './accessTokens.ts'
import type { Snapshot } from './snapshot.ts'
import { Snapshots } from './snapshots.ts'

/** Who is calling, and what their account may do: one per process. */
export class Access implements Authenticator {
  readonly tokens: AccessTokens
  readonly catalogues: Catalogues
  readonly #app: App
  readonly #snapshots: Snapshots
  /** Which snapshot an actor was made from, so that a handler decides on what the authoriser saw. */
  readonly #madeFrom = new WeakMap<UserActor, Snapshot>()

  constructor(app: App) {
    this.#app = app
    this.tokens = new AccessTokens(app)
    this.catalogues = new Catalogues(app.db)
    this.#snapshots = new Snapshots(app.db, app.changes)
  }

  /** The bearer of a live session; 401 otherwise, always as a rejected promise. */
  user(request: FastifyRequest, at: Date): UserActor | Promise<UserActor> {
    try {
      return then(this.#verified(request, at), (token) => {
        if (token.kind !== 'user') throw problem('unauthenticated', undefined, { headers: refusedToken })
        const { sid, account_id } = token.claims
        return then(this.#snapshots.get(sid, account_id), (snapshot) => this.#userOf(snapshot, at))
      })
    } catch (refusal) {
      return Promise.reject(refusal)
    }
  }

  /** A member of the account that the token names; 403 when membership has ended or the account is closed. */
  member(request: FastifyRequest, at: Date): MemberActor | Promise<MemberActor> {
    return then(this.user(request, at), (actor) => {
      if (this.snapshotOf(actor).account?.closedAt) throw problem('account-closed')
      if (isMember(actor)) return actor
      throw problem('forbidden', undefined, {
        detail: actor.accountId
          ? 'You are not, or no longer, a member of this account.'
          : 'You are not a member of any account. Create one, or ask for an invite.',
      })
    })
  }

  /** Staff with a token of their own, who are staff still; 403 for users. */
  async operator(request: FastifyRequest, at: Date): Promise<OperatorActor> {
    const token = await this.#verified(request, at)
    if (token.kind === 'user') throw problem('forbidden', undefined, { detail: 'This is for operators.' })
    const operatorId = token.claims.sub
    const known = await this.#app.db
      .selectFrom('operators')
      .select('id')
      .where('id', '=', operatorId)
      .where('disabled_at', 'is', null)
      .executeTakeFirst()
    if (!known) throw problem('unauthenticated', undefined, { headers: refusedToken })
    return { kind: 'operator', operatorId }
  }

  /** What the authoriser of this request saw. */
  snapshotOf(actor: UserActor): Snapshot {
    const snapshot = this.#madeFrom.get(actor)
    if (!snapshot) throw new Error('This actor was not made by authentication')
    return snapshot
  }

  /** The catalogue that a snapshot is to be read with. */
  catalogueOf({ catalogueVersion }: Snapshot): Catalogue | Promise<Catalogue> {
    return this.catalogues.at(catalogueVersion)
  }

  #userOf(snapshot: Snapshot | null, at: Date): UserActor {
    if (!snapshot || snapshot.session.revokedAt || snapshot.session.expiresAt <= at)
      throw problem('session-expired', undefined, { headers: refusedToken })
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

  #verified({ headers, raw }: FastifyRequest, at: Date): VerifiedToken | Promise<VerifiedToken> {
    const [scheme, text, ...more] = headers.authorization?.split(' ') ?? []
    if (scheme?.toLowerCase() !== 'bearer') throw problem('unauthenticated', undefined, { headers: noToken })
    const isOne = text && more.length === 0 && !isRepeated(raw.rawHeaders)
    return then(isOne ? this.tokens.verify(text, at) : null, (token) => {
      if (!token) throw problem('unauthenticated', undefined, { headers: refusedToken })
      return token
    })
  }
}

/** What RFC 6750 has a caller told who showed no token, and one whose token is refused. */
const noToken = { 'www-authenticate': 'Bearer' }
const refusedToken = { 'www-authenticate': 'Bearer error="invalid_token"' }

/** Node takes the first of several; a proxy in front may have looked at the last. */
function isRepeated(rawHeaders: string[]): boolean {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 'authorization'.length && name.toLowerCase() === 'authorization') count++
  }
  return count > 1
}

function isMember(actor: UserActor): actor is MemberActor {
  return actor.accountId !== null && actor.role !== null
}
