import { AccessTokens } from '../../src/access/accessTokens.ts'
import { inTx } from '../../src/db/transaction.ts'
import { systemCaller } from '../../src/http/actor.ts'
import { addOperator } from '../../src/operators/addOperator.ts'
import { median } from '../findings.ts'
import type { Size } from './sizes.ts'

const TIMES = 3

const questions: [string, (size: Size) => string][] = [
  ['accounts, the newest', () => 'accounts'],
  [
    'accounts by a member’s address',
    ({ people }) => `accounts?query=${encodeURIComponent(middle(people).email)}`,
  ],
  [
    'accounts by a part of a name',
    ({ people }) => `accounts?query=${encodeURIComponent(`nt ${middle(people).n}`)}`,
  ],
  ['accounts, nothing found', () => 'accounts?query=nobody-is-called-so'],
  ['an account', ({ people }) => `accounts/${middle(people).claims.account_id}`],
  ['the timeline of an account', ({ people }) => `accounts/${middle(people).claims.account_id}/timeline`],
  ['the trail, the newest', () => 'audit'],
  ['the trail of an account', ({ people }) => `audit?account_id=${middle(people).claims.account_id}`],
  ['the trail, an action that is rare', () => 'audit?action=account.purged'],
  ['figures of a month', () => 'figures'],
  ['events of Stripe, parked', () => 'stripe-events?status=parked'],
  ['deliveries, the newest', () => 'webhooks/deliveries'],
]

/** What operators ask for, one at a time. */
export const asks = questions.map(([what, pathOf]) => ({
  what: `operator: ${what}`,
  async ms(size: Size): Promise<number> {
    const token = await tokenOf(size)
    const took: number[] = []
    for (let time = 0; time <= TIMES; time++) {
      const began = performance.now()
      const path = pathOf(size)
      const reply = await fetch(`http://127.0.0.1:${size.service.port}/v1/operator/${path}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      const text = await reply.text()
      if (!reply.ok) throw new Error(`GET ${path} answered ${reply.status}: ${text}`)
      // The first one reads it from disk.
      if (time > 0) took.push(performance.now() - began)
    }
    return median(took)
  },
}))

async function tokenOf({ app }: Size): Promise<string> {
  const at = app.now()
  const { id } = await inTx(app, (tx) =>
    addOperator(tx, systemCaller, { email: 'operator@frontgate.example' }, at),
  )
  return new AccessTokens(app).issueToOperator(id, at)
}

function middle<T>(all: T[]): T {
  return all[Math.floor(all.length / 2)] as T
}
