import Type from 'typebox'
import type { Access } from '../access/access.ts'
import type { App } from '../app.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { route } from '../http/route.ts'
import { Fields } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { changePassword } from './changePassword.ts'
import { addressOf, Email, MailedTokenText, Password } from './fields.ts'
import { forgotPassword } from './forgotPassword.ts'
import { rememberDevice } from './knownDevices.ts'
import { requestFirstPassword } from './requestFirstPassword.ts'
import { resetPassword } from './resetPassword.ts'
import { setFirstPassword } from './setFirstPassword.ts'

/** Getting a new password: by mail, or while signed in. */
export function passwordRoutes(server: Server, app: App, access: Access): void {
  const isProved = ({ actor }: Caller<UserActor>) => access.snapshotOf(actor).session.factor !== null
  route(
    server,
    app,
    {
      operationId: 'forgotPassword',
      method: 'POST',
      url: '/v1/auth/password/forgot',
      access: 'anyone',
      summary: 'Ask for a reset link; the answer never tells whether the address is known',
      body: Fields({ email: Email }),
      replies: { 202: Type.Object({ status: Type.Literal('accepted') }) },
      refusals: ['too-many-requests'],
    },
    async ({ caller, body, at, reply }) => {
      await forgotPassword(app, caller, addressOf(body.email), at)
      return reply.code(202).send({ status: 'accepted' })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'resetPassword',
      method: 'POST',
      url: '/v1/auth/password/reset',
      access: 'anyone',
      summary: 'Choose a new password with a reset link; all sessions end',
      body: Fields({ token: MailedTokenText, password: Password }),
      replies: { 204: null },
      refusals: [
        'weak-password',
        'token-unknown',
        'token-expired',
        'token-used',
        'token-superseded',
        'use-oauth-provider',
        'overloaded',
      ],
    },
    async ({ caller, body, at, reply }) => {
      const user = await resetPassword(app, caller, body, at)
      // The mailbox vouches for this device: it gets in, whatever strangers try against the address. It is no second factor.
      rememberDevice(reply, app.config, { user, isProved: false }, at)
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'changePassword',
      method: 'POST',
      url: '/v1/auth/password/change',
      access: 'user',
      summary: 'Choose a new password while signed in; the other sessions end',
      body: Fields({ current_password: Password, new_password: Password }),
      replies: { 204: null },
      refusals: [
        'invalid-credentials',
        'use-oauth-provider',
        'weak-password',
        'too-many-requests',
        'overloaded',
      ],
    },
    async ({ caller, body, at, reply }) => {
      const passwords = { currentPassword: body.current_password, newPassword: body.new_password }
      const user = await changePassword(app, caller, passwords, at)
      rememberDevice(reply, app.config, { user, isProved: isProved(caller) }, at)
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'requestFirstPassword',
      method: 'POST',
      url: '/v1/auth/password/first-link',
      access: 'user',
      summary: 'Ask for a link to a first password, for a user who has none',
      replies: { 202: Type.Object({ status: Type.Literal('accepted') }) },
      refusals: ['password-exists', 'too-many-requests'],
    },
    async ({ caller, at, reply }) => {
      await requestFirstPassword(app, caller, at)
      return reply.code(202).send({ status: 'accepted' })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'setFirstPassword',
      method: 'POST',
      url: '/v1/auth/password/first',
      access: 'user',
      summary: 'Choose a first password with the mailed link, while signed in; the other sessions end',
      body: Fields({ token: MailedTokenText, password: Password }),
      replies: { 204: null },
      refusals: [
        'weak-password',
        'token-unknown',
        'token-expired',
        'token-used',
        'token-superseded',
        'password-exists',
        'overloaded',
      ],
    },
    async ({ caller, body, at, reply }) => {
      const user = await setFirstPassword(app, caller, body, at)
      rememberDevice(reply, app.config, { user, isProved: isProved(caller) }, at)
      return reply.code(204).send()
    },
  )
}
