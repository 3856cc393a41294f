import Type from 'typebox'
import { readOpenings } from '../accounts/selfServe/openings.ts'
import type { Openings } from '../accounts/selfServe/rules.ts'
import { setOpenings } from '../accounts/selfServe/setOpenings.ts'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields, named } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { Reason } from './fields.ts'

const SelfServeSchema = named(
  'SelfServe',
  Type.Object({
    enabled: Type.Boolean({ description: 'SELF_SERVE_ENABLED: where it is true, the rest does not matter.' }),
    domains: Type.Array(Type.String()),
    share: Type.Integer(),
  }),
)

/** Letting some people create accounts before all may. */
export function selfServeRoutes(server: Server, app: App): void {
  const describe = ({ domains, share }: Openings) => ({
    enabled: app.config.selfServeEnabled,
    domains,
    share,
  })

  route(
    server,
    app,
    {
      operationId: 'getSelfServe',
      method: 'GET',
      url: '/v1/operator/self-serve',
      access: { operator: 'read' },
      summary: 'Who may create accounts',
      replies: { 200: SelfServeSchema },
    },
    async ({ caller, at }) => {
      const [openings] = await inTx(app, (tx) =>
        Promise.all([readOpenings(tx), audit(tx, caller, { action: 'operator.read-self-serve' }, at)]),
      )
      return describe(openings)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'setSelfServe',
      method: 'PUT',
      url: '/v1/operator/self-serve',
      access: { operator: 'admin' },
      summary: 'Let people of these domains, and a share of all visitors, create accounts before all may',
      body: Fields({
        domains: Type.Array(Type.String({ maxLength: 255 }), {
          maxItems: 200,
          description: 'Of addresses, without those below them. An address there need not be verified yet.',
        }),
        share: Type.Integer({
          minimum: 0,
          maximum: 100,
          description: 'Of a hundred visitors, by a cookie. Raising it keeps those who are in.',
        }),
        reason: Reason,
      }),
      replies: { 200: SelfServeSchema },
    },
    async ({ caller, body, at }) => describe(await inTx(app, (tx) => setOpenings(tx, caller, body, at))),
  )
}
