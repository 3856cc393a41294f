import { Readable } from 'node:stream'
import Type from 'typebox'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields, fileOf, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { deleteLead } from '../leads/deleteLead.ts'
import { attributionNames } from '../leads/leads.ts'
import { exportLeads } from './exportLeads.ts'
import { Reason } from './fields.ts'
import { listLeads } from './listLeads.ts'

const LeadSchema = named(
  'Lead',
  Type.Object({
    id: Uuid,
    created_at: Instant,
    email: Type.String({ description: 'As it was typed: nobody has proved that it is theirs.' }),
    name: Type.String(),
    company: Type.String(),
    company_size: Nullable(Type.String()),
    plan: Nullable(Type.String()),
    message: Nullable(Type.String()),
    source: Nullable(Type.String()),
    attribution: Type.Object(
      Object.fromEntries(attributionNames.map((name) => [name, Type.Optional(Type.String())])),
    ),
    spam_reason: Nullable(Type.Enum(['honeypot'])),
    turnstile: Nullable(
      Type.Enum(['passed', 'unavailable'], { description: 'Null where nobody was challenged.' }),
    ),
    mailed_at: Nullable(Instant),
  }),
)

const Spam = Type.Optional(
  Type.Boolean({ description: 'What a program seems to have written, instead of everything else.' }),
)

/** Who wants to talk to sales. */
export function leadRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'listLeads',
      method: 'GET',
      url: '/v1/operator/leads',
      access: { operator: 'read' },
      summary: 'Who asked to talk to sales, the newest first',
      query: Fields({ ...PageQuery, spam: Spam }),
      replies: { 200: pageOf(LeadSchema) },
    },
    async ({ caller, query, at }) => inTx(app, (tx) => listLeads(tx, caller, query, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'exportLeads',
      method: 'GET',
      url: '/v1/operator/leads/export',
      access: { operator: 'support' },
      summary: 'The same as a CSV file, all of it',
      query: Fields({ spam: Spam }),
      replies: { 200: fileOf('text/csv', 'CSV as in RFC 4180, with a line of names') },
    },
    async ({ caller, query, at, request, reply }) => {
      const { spam = false } = query
      const file = reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="leads.csv"')
      // Fastify would have all of it read for HEAD too, and throw it away.
      if (request.method === 'HEAD') return file.send(Readable.from([]))
      await inTx(app, (tx) => audit(tx, caller, { action: 'operator.exported-leads', details: { spam } }, at))
      return file.send(Readable.from(exportLeads(app.db, query)))
    },
  )

  route(
    server,
    app,
    {
      operationId: 'deleteLead',
      method: 'DELETE',
      url: '/v1/operator/leads/:id',
      access: { operator: 'support' },
      summary: 'Delete a lead, as the person may ask for',
      params: Fields({ id: Uuid }),
      body: Fields({ reason: Reason }),
      replies: { 204: null },
      refusals: ['not-found'],
    },
    async ({ caller, params, body, at, reply }) => {
      await inTx(app, (tx) => deleteLead(tx, caller, { id: params.id, reason: body.reason }, at))
      return reply.code(204).send()
    },
  )
}
