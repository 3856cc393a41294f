import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'

/** Refuses every request with text in it that PostgreSQL does not keep: U+0000, or half of a pair of surrogates. */
export function refuseUnkeptText(server: FastifyInstance): void {
  server.addHook('preValidation', async ({ body, query, params }: FastifyRequest) => {
    const open: unknown[] = [body, query, params]
    while (open.length > 0) {
      const next = open.pop()
      if (typeof next === 'string' && (next.includes('\0') || !next.isWellFormed())) {
        throw new Problem(
          'invalid-request',
          'There is a character in it that cannot be kept, such as U+0000.',
        )
      }
      if (typeof next !== 'object' || next === null) continue
      for (const [key, value] of Object.entries(next)) open.push(key, value)
    }
  })
}
