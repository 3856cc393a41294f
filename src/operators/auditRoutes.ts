import { Readable } from 'node:stream'
import Type from 'typebox'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields, fileOf, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { auditFormats, exportAudit } from './exportAudit.ts'
import { detailsOf, listAudit } from './listAudit.ts'
import { refuseOddFilter } from './readAudit.ts'

const ActorKind = Type.Enum(['anyone', 'user', 'product-key', 'operator', 'system'])

/** What every line of the trail says, wherever it is shown. */
export const AuditFields = {
  id: Uuid,
  at: Instant,
  action: Type.String(),
  actor_kind: ActorKind,
  actor_id: Nullable(Uuid),
  actor_email: Nullable(Type.String({ description: 'Of an operator; null for everybody else.' })),
  user_id: Nullable(Uuid),
  details: Type.Unsafe<object>({ type: 'object', additionalProperties: true }),
}

const AuditEntrySchema = named(
  'AuditEntry',
  Type.Object({
    ...AuditFields,
    operator_email: Nullable(Type.String({ description: 'The operator to whom it was done.' })),
    account_id: Nullable(Uuid),
    ip: Nullable(Type.String()),
    user_agent: Nullable(Type.String()),
    request_id: Nullable(Type.String()),
  }),
)

const AuditFilterFields = {
  account_id: Type.Optional(Uuid),
  user_id: Type.Optional(Uuid),
  action: Type.Optional(
    Type.String({
      maxLength: 80,
      pattern: '^[a-z.-]*$',
      description: 'One, such as `grant.given`, or with a dot at its end all that begin so: `grant.`',
    }),
  ),
  actor_kind: Type.Optional(ActorKind),
  actor_id: Type.Optional(Uuid),
  operator: Type.Optional(
    Type.String({
      maxLength: 320,
      description: 'The address of the operator who did it, or to whom it was done.',
    }),
  ),
  from: Type.Optional(Instant),
  until: Type.Optional(Instant),
}

/** What was done, by whom and why: nothing in it is ever changed. */
export function auditRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'listAudit',
      method: 'GET',
      url: '/v1/operator/audit',
      access: { operator: 'read' },
      summary: 'The audit trail, the newest first',
      query: Fields({ ...PageQuery, ...AuditFilterFields }),
      replies: { 200: pageOf(AuditEntrySchema) },
    },
    async ({ caller, query, at }) => inTx(app, (tx) => listAudit(tx, caller, query, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'exportAudit',
      method: 'GET',
      url: '/v1/operator/audit/export',
      access: { operator: 'read' },
      summary: 'The same as a file, all of it: CSV, or a JSON object a line',
      query: Fields({
        ...AuditFilterFields,
        format: Type.Optional(Type.Enum([...auditFormats], { default: 'csv' })),
      }),
      replies: {
        200: fileOf(
          ['text/csv', 'application/x-ndjson'],
          'CSV as in RFC 4180 with a line of names, or JSON Lines',
        ),
      },
    },
    async ({ caller, query: { format = 'csv', ...filter }, at, request, reply }) => {
      refuseOddFilter(filter)
      const file = reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
        .header('content-disposition', `attachment; filename="audit.${format}"`)
      // Fastify would have all of it read for HEAD too, and throw it away.
      if (request.method === 'HEAD') return file.send(Readable.from([]))
      const details = { ...detailsOf(filter), format }
      await inTx(app, (tx) => audit(tx, caller, { action: 'operator.exported-audit', details }, at))
      return file.send(Readable.from(exportAudit(app.db, filter, format)))
    },
  )
}
