import { v7 as uuidv7 } from 'uuid'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { enqueue, job } from '../jobs/enqueue.ts'
import { refuseAboveLimit } from '../limits/refuseAboveLimit.ts'
import { mailLimits } from './throttles.ts'

export interface ResetRequest {
  /** Becomes the id of the link's row. */
  id: string
  email: string
  caller: Caller
  requestedAt: string
}

/** Mails a reset link if the address is known. */
export const sendResetLinkJob = job<ResetRequest>('identity.send-reset-link')

/**
 * Promises a reset link. Whether the address is known is for the job to find out, so that the caller sees the
 * same answer after the same work under the same throttle.
 */
export async function forgotPassword(app: App, caller: Caller, email: string, at: Date): Promise<void> {
  refuseAboveLimit(await app.limiter.take(mailLimits('forgot', email, caller.ip), at))
  const request = { id: uuidv7(), email, caller, requestedAt: at.toISOString() }
  await inTx(app, (tx) => enqueue(tx, sendResetLinkJob, request))
}
