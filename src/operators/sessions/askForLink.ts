import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'
import { operatorLinkLimits } from '../../identity/throttles.ts'
import { enqueue, job } from '../../jobs/enqueue.ts'
import { refuseAboveLimit } from '../../limits/refuseAboveLimit.ts'

export interface LinkRequest {
  /** Becomes the id of the link's row. */
  id: string
  email: string
  caller: Caller
  requestedAt: string
}

/** Mails a link that signs in, if the address is an operator's. */
export const sendSignInLinkJob = job<LinkRequest>('operators.send-sign-in-link')

/**
 * Promises a link that signs in. Whether the address is an operator's is for the job to find out, so that the caller sees
 * the same answer after the same work under the same throttle.
 */
export async function askForLink(app: App, caller: Caller, email: string, at: Date): Promise<void> {
  refuseAboveLimit(await app.limiter.take(operatorLinkLimits(email, caller.ip), at))
  const request = { id: uuidv7(), email, caller, requestedAt: at.toISOString() }
  await inTx(app, (tx) => enqueue(tx, sendSignInLinkJob, request))
}
