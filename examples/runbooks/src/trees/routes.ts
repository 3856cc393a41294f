import type { FastifyInstance } from 'fastify'
import { inTx } from '../database.ts'
import { type ById, idParams } from '../ids.ts'
import { sendRefusal } from '../problem.ts'
import type { Parts } from '../server.ts'
import { createTree } from './createTree.ts'
import { removeTree, saveTree } from './saveTree.ts'
import { type TreeBody, type TreeChange, treeBody, treeChange } from './shapes.ts'
import { treeLimit } from './treeLimit.ts'
import { getTree, listTrees } from './trees.ts'

/** Troubleshooting trees: everybody reads them, members write them, and the plan says how many there may be. */
export function treeRoutes(server: FastifyInstance, { pool, gate, guards }: Parts): void {
  const reading = guards.requireVerifiedEmailAfterGrace()
  const writing = [guards.requireRole('member'), guards.requireVerifiedEmailAfterGrace()]

  const limit = treeLimit(pool, gate, guards)

  server.get('/api/trees', { preHandler: reading }, async ({ frontgate }) => ({
    data: await listTrees(pool, frontgate.accountId),
  }))

  server.get<ById>(
    '/api/trees/:id',
    { preHandler: reading, schema: { params: idParams } },
    ({ frontgate, params }) => getTree(pool, frontgate.accountId, params.id),
  )

  server.post<{ Body: TreeBody }>(
    '/api/trees',
    { preHandler: [guards.requireRole('member'), limit.guard], schema: { body: treeBody } },
    async (request, reply) => {
      const { frontgate, body } = request
      let judged = limit.judged(request)
      for (;;) {
        const made = await inTx(pool, (tx) => createTree(tx, frontgate, body, judged))
        if (made.kind === 'created') {
          return reply.code(201).send(await getTree(pool, frontgate.accountId, made.id))
        }
        const refused = await limit.whyRefused(frontgate, made.kept)
        if (refused) return sendRefusal(reply, refused)
        judged = made.kept
      }
    },
  )

  server.put<ById & { Body: TreeChange }>(
    '/api/trees/:id',
    { preHandler: writing, schema: { params: idParams, body: treeChange } },
    async ({ frontgate, params, body }) => {
      await inTx(pool, (tx) => saveTree(tx, frontgate, params.id, body))
      return getTree(pool, frontgate.accountId, params.id)
    },
  )

  server.delete<ById>(
    '/api/trees/:id',
    { preHandler: writing, schema: { params: idParams } },
    async ({ frontgate, params }, reply) => {
      await inTx(pool, (tx) => removeTree(tx, frontgate, params.id))
      return reply.code(204).send()
    },
  )
}
