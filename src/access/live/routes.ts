import Type from 'typebox'
import type { App } from '../../app.ts'
import { route } from '../../http/route.ts'
import type { Server } from '../../http/server.ts'
import type { Access } from '../access.ts'
import { ChangeStreams } from './changeStreams.ts'
import { AccessStateSchema, describeAccessState } from './describeAccessState.ts'

const Events = Type.Unsafe<undefined>({
  description: [
    'Events for as long as the client stays, each with an `id` to resume after.',
    '`changes`: of the named `subjects` (`account:<id>`, `user:<id>`, `session:<id>`, `catalogue`) something may be otherwise than it was; a change may be told twice, and is never left out.',
    '`mark`: all that was committed by `at` has been told; right after connecting, then each second, and whenever the clock was moved. There are none while the database is away.',
    '`reset`: the `Last-Event-ID` says too little, so anything may have changed.',
  ].join('\n\n'),
  content: { 'text/event-stream': { schema: { type: 'string' } } },
})

/** What a product's guards keep in their own process, and what tells them that it has changed. */
export function liveRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'getAccessState',
      method: 'GET',
      url: '/v1/access-state',
      access: { member: 'viewer', isRead: true },
      summary:
        'All that a guard decides by about the bearer, now and when time passes, as the database has it',
      replies: { 200: AccessStateSchema },
    },
    async ({ caller: { actor }, at }) => {
      const snapshot = access.snapshotOf(actor)
      return describeAccessState(actor, snapshot, await access.catalogueOf(snapshot), app.config, at)
    },
  )

  const streams = new ChangeStreams(app)
  server.fastify.addHook('preClose', async () => streams.close())
  route(
    server,
    app,
    {
      operationId: 'followChanges',
      method: 'GET',
      url: '/v1/changes',
      access: { productKey: 'entitlements:read' },
      summary:
        'Server-sent events about whatever changes that guards decide by, resumed with `Last-Event-ID`',
      replies: { 200: Events },
      refusals: ['too-many-requests'],
    },
    async ({ caller: { actor }, request, reply, at }) => {
      await streams.open(actor, request, reply, () => access.onlyProductKey(request, at))
    },
  )
}
