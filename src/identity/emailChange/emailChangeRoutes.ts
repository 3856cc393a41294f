import Type from 'typebox'
import type { Access } from '../../access/access.ts'
import type { App } from '../../app.ts'
import { route } from '../../http/route.ts'
import { Fields } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { addressOf, Email, MailedTokenText, Password } from '../fields.ts'
import { confirmEmailChange } from './confirmEmailChange.ts'
import { refuseEmailChange } from './refuseEmailChange.ts'
import { requestEmailChange } from './requestEmailChange.ts'

const voidTokens = [
  'token-unknown',
  'token-expired',
  'token-used',
  'token-superseded',
  'token-canceled',
] as const

/** Changing the address of a user, which both mailboxes have a say in. */
export function emailChangeRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'requestEmailChange',
      method: 'POST',
      url: '/v1/me/email',
      access: 'user',
      summary: 'Ask for another address; it changes once the mailboxes have confirmed it',
      body: Fields({ email: Email, password: Type.Optional(Password) }),
      replies: { 202: Type.Object({ status: Type.Literal('accepted') }) },
      refusals: [
        'recent-sign-in-required',
        'invalid-credentials',
        'use-oauth-provider',
        'email-already-registered',
        'too-many-requests',
        'overloaded',
      ],
    },
    async ({ caller, body, at, reply }) => {
      const { signedInAt } = access.snapshotOf(caller.actor).session
      const request = { email: addressOf(body.email), password: body.password, signedInAt }
      await requestEmailChange(app, caller, request, at)
      return reply.code(202).send({ status: 'accepted' })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'confirmEmailChange',
      method: 'POST',
      url: '/v1/auth/email/change/confirm',
      access: 'anyone',
      summary: 'Confirm a change of address from one of its two mailboxes',
      body: Fields({ token: MailedTokenText }),
      replies: {
        200: Type.Object({
          email: Type.String({ description: 'The new address.' }),
          status: Type.Union([Type.Literal('changed'), Type.Literal('waiting')], {
            description: '`waiting` until the other mailbox has confirmed it too.',
          }),
        }),
      },
      refusals: [...voidTokens, 'email-already-registered'],
    },
    async ({ caller, body, at }) => confirmEmailChange(app, caller, body.token, at),
  )

  route(
    server,
    app,
    {
      operationId: 'refuseEmailChange',
      method: 'POST',
      url: '/v1/auth/email/change/refuse',
      access: 'anyone',
      summary: 'Call a change of address off, or take it back with the link that the former mailbox got',
      body: Fields({ token: MailedTokenText }),
      replies: { 204: null },
      refusals: [...voidTokens, 'email-already-registered'],
    },
    async ({ caller, body, at, reply }) => {
      await refuseEmailChange(app, caller, body.token, at)
      return reply.code(204).send()
    },
  )
}
