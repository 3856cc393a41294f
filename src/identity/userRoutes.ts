import type { Access } from '../access/access.ts'
import { describeUser, UserSchema } from '../access/tokensReply.ts'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields, Nullable } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { changeName } from './changeName.ts'
import { DisplayName } from './fields.ts'

/** The user's own page. */
export function userRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'getMe',
      method: 'GET',
      url: '/v1/me',
      access: 'user',
      summary: 'The signed-in user',
      replies: { 200: UserSchema },
    },
    async ({ caller }) => describeUser(access.snapshotOf(caller.actor).user, app.config),
  )

  route(
    server,
    app,
    {
      operationId: 'changeMe',
      method: 'PATCH',
      url: '/v1/me',
      access: 'user',
      summary: 'Change the name',
      body: Fields({ name: Nullable(DisplayName) }),
      replies: { 200: UserSchema },
    },
    async ({ caller, body, at }) => {
      const name = body.name?.trim() ?? null
      await inTx(app, (tx) => changeName(tx, caller, name, at))
      const { user } = access.snapshotOf(caller.actor)
      return describeUser({ ...user, name }, app.config)
    },
  )
}
