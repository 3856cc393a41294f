import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { keepEvent } from '../../src/billing/events/keepEvent.ts'
import { readEvent } from '../../src/billing/events/rules.ts'
import { projectJob } from '../../src/billing/jobs.ts'
import { enqueue } from '../../src/jobs/enqueue.ts'
import { somebodyWaits } from '../support/locks.ts'
import { customerOf } from '../support/mirrored.ts'
import { register } from '../support/people.ts'
import { startTestAppWith, type TestApp } from '../support/testApp.ts'

/**
 * Lets `promise` promise a job while another one of its key is made, and is taken by a worker the moment it is there:
 * it begins before what it is promised for is written, so it must not stand for that.
 */
async function whileTaken(t: TestApp, key: string, promise: () => Promise<void>): Promise<number> {
  // The library knows the job's name already, so that nobody waits for that.
  await enqueue(t.app.db, projectJob, { customer: 'cus_before' })
  const worker = await t.app.pool.connect()
  await worker.query('begin')
  await worker.query(`select graphile_worker.add_job($1, '{}', job_key => $2)`, [projectJob.name, key])
  await worker.query(
    `update graphile_worker._private_jobs set locked_at = now(), locked_by = 'worker' where key = $1`,
    [key],
  )
  const promised = promise()
  await somebodyWaits(t)
  await worker.query('commit')
  worker.release()
  await promised
  const { rows } = await sql`
    select from graphile_worker._private_jobs where key = ${key} and locked_at is null`.execute(t.app.db)
  return rows.length
}

test('a job that is promised while one of its key is just being taken comes after it', async () => {
  const t = await startTestAppWith({}, { work: false })
  const payload = { customer: 'cus_1' }
  expect(await whileTaken(t, 'a key', () => enqueue(t.app.db, projectJob, payload, { key: 'a key' }))).toBe(1)
})

test('an event that comes while a look at its customer just begins promises another look', async () => {
  const t = await startTestAppWith({}, { work: false })
  const { accountId } = await register(t)
  const customer = await customerOf(t, accountId)
  const payload = {
    id: 'evt_1',
    object: 'event',
    type: 'customer.subscription.updated',
    created: Math.floor(t.app.now().getTime() / 1000),
    livemode: false,
    data: { object: { id: 'sub_1', object: 'subscription', customer } },
  }
  const read = readEvent(payload, null)
  if (read.kind !== 'event') throw new Error('It cannot be read')
  const keep = () => keepEvent(t.app.db, read.event, JSON.stringify(payload), t.app.now())
  expect(await whileTaken(t, `project ${customer}`, keep)).toBe(1)
})
