import type { Caller, Gate, Refused } from '@frontgate/client/guards'
import type { FastifyRequest } from 'fastify'
import type pg from 'pg'
import type { Parts } from '../server.ts'
import { countTrees } from './trees.ts'

/** The limit `trees`: the product counts its own rows, and the guard knows how many there may be on each plan. */
export function treeLimit(pool: pg.Pool, gate: Gate, guards: Parts['guards']) {
  const judged = new WeakMap<FastifyRequest, number>()
  return {
    /** Refuses before anything is done. Of parallel requests it lets all pass, since none of them has made anything yet. */
    guard: guards.requireLimit('trees', {
      async used(request, { accountId }) {
        const kept = await countTrees(pool, accountId)
        judged.set(request, kept)
        return kept
      },
    }),
    /** The number of trees for which the guard let this request pass. */
    judged: (request: FastifyRequest) => judged.get(request) ?? 0,
    /** The same question again, for whoever found in the transaction that there are more by now. */
    async whyRefused(caller: Caller, kept: number): Promise<Refused | null> {
      const verdict = await gate.compare(caller, { limit: 'trees', amount: 1 }, kept)
      return verdict.kind === 'refused' ? verdict : null
    },
  }
}
