import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { route } from '../http/route.ts'
import { fileOf } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { exportLimits } from '../identity/throttles.ts'
import { refuseAboveLimit } from '../limits/refuseAboveLimit.ts'
import { accountFiles, leftOutOfAccounts } from './accountFiles.ts'
import { Exports, type Order, openArchive } from './exporting.ts'
import { readmeOf } from './readme.ts'
import { leftOutOfUsers, userFiles } from './userFiles.ts'

const Archive = fileOf('application/zip', 'README.txt, and one JSON file for each kind of record.')

/** What people may take with them: all that is kept of a user, or of an account. */
export function recordRoutes(server: Server, app: App): void {
  const exports = new Exports(app)

  route(
    server,
    app,
    {
      operationId: 'exportMe',
      method: 'GET',
      url: '/v1/me/export',
      access: 'user',
      summary: 'Everything that is kept of the user, as a ZIP archive',
      replies: { 200: Archive },
      refusals: ['too-many-requests', 'overloaded'],
    },
    async ({ caller, at, reply }) => {
      const { userId: id } = caller.actor
      const words = readmeOf({ product: app.config.productName, whose: 'you', leftOut: leftOutOfUsers, at })
      const entry = { action: 'user.exported', userId: id }
      return send(app, exports, { caller, reply, entry, order: { files: userFiles, id, words } }, at)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'exportAccount',
      method: 'GET',
      url: '/v1/accounts/me/export',
      access: { member: 'owner' },
      summary: 'Everything that is kept of the current account, as a ZIP archive',
      replies: { 200: Archive },
      refusals: ['too-many-requests', 'overloaded'],
    },
    async ({ caller, at, reply }) => {
      const { accountId: id } = caller.actor
      const words = readmeOf({
        product: app.config.productName,
        whose: 'your account',
        leftOut: leftOutOfAccounts,
        at,
      })
      const entry = { action: 'account.exported', accountId: id }
      return send(app, exports, { caller, reply, entry, order: { files: accountFiles, id, words } }, at)
    },
  )
}

interface Sending {
  caller: Caller<UserActor>
  reply: FastifyReply
  entry: { action: string; userId?: string; accountId?: string }
  order: Order
}

/** The trail says that it was asked for, before anything is sent. */
async function send(
  app: App,
  exports: Exports,
  { caller, reply, entry, order }: Sending,
  at: Date,
): Promise<FastifyReply> {
  const name = `${entry.action.split('.')[0]}-${at.toISOString().slice(0, 10)}.zip`
  const sendFile = (archive: Readable) =>
    reply
      .type('application/zip')
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(archive)
  // Fastify would have all of it read for HEAD too, and throw it away.
  if (reply.request.method === 'HEAD') return sendFile(Readable.from([]))
  const place = exports.take(caller.actor.userId)
  try {
    refuseAboveLimit(await app.limiter.take(exportLimits(caller.actor.userId), at))
    await audit(app.db, caller, entry, at)
  } catch (error) {
    place.release()
    throw error
  }
  return sendFile(openArchive(app, order, place, at))
}
