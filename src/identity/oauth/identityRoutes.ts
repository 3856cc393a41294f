import Type from 'typebox'
import type { Access } from '../../access/access.ts'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import { route } from '../../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { providerNames } from '../../oidc/rules.ts'
import { refuseUnlessRecent } from '../recentSignIn.ts'
import { listIdentities } from './listIdentities.ts'
import { unlinkIdentity } from './unlinkIdentity.ts'

const IdentitySchema = named(
  'Identity',
  Type.Object({
    id: Uuid,
    provider: Type.Enum([...providerNames]),
    email: Nullable(
      Type.String({ description: 'As the provider last named it. It may differ from the user’s.' }),
    ),
    created_at: Instant,
    last_used_at: Instant,
  }),
)

/** What the user signs in with beside a password. Linking one begins at GET /v1/auth/oauth/{provider}/start. */
export function linkedIdentityRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'listIdentities',
      method: 'GET',
      url: '/v1/me/identities',
      access: 'user',
      summary: 'Google and Microsoft accounts that the user signs in with',
      query: Fields(PageQuery),
      replies: { 200: pageOf(IdentitySchema) },
    },
    async ({ caller, query }) => listIdentities(app.db, caller.actor.userId, query),
  )

  route(
    server,
    app,
    {
      operationId: 'unlinkIdentity',
      method: 'DELETE',
      url: '/v1/me/identities/:id',
      access: 'user',
      summary: 'Unlink a Google or Microsoft account; the other sessions end',
      params: Fields({ id: Uuid }),
      replies: { 204: null },
      refusals: ['recent-sign-in-required', 'last-sign-in-method', 'not-found'],
    },
    async ({ caller, params, at, reply }) => {
      refuseUnlessRecent(access.snapshotOf(caller.actor).session.signedInAt, at)
      await inTx(app, (tx) => unlinkIdentity(tx, app, caller, params.id, at))
      return reply.code(204).send()
    },
  )
}
