import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Parts } from '../server.ts'
import { convertArticle } from './convertArticle.ts'

const body = Type.Object(
  { article: Type.String({ minLength: 1, maxLength: 100_000 }) },
  { additionalProperties: false },
)

/**
 * KB Accelerator: each conversion counts against the monthly limit `kb_conversions`, before it is tried, so that nobody gets past
 * it; one that fails is given back by the guard. The draft is answered and not kept: saving it is making a tree.
 */
export function acceleratorRoutes(server: FastifyInstance, { guards }: Parts): void {
  server.post<{ Body: Static<typeof body> }>(
    '/api/accelerator',
    {
      preHandler: [guards.requireRole('member'), guards.requireLimit('kb_conversions', { consume: true })],
      schema: { body },
    },
    async ({ body: { article } }) => convertArticle(article),
  )
}
