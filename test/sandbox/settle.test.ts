import { describe, expect, test } from 'vitest'
import { bringJobsForward, settle, settleDueJobs, Unsettled } from '../../sandbox/settle.ts'
import type { App } from '../../src/app.ts'
import { inTx } from '../../src/db/transaction.ts'
import { queueMail } from '../../src/mail/queueMail.ts'
import { register } from '../support/people.ts'
import { startTestAppWith } from '../support/testApp.ts'

const soon = () => AbortSignal.timeout(100)
const patience = () => AbortSignal.timeout(20_000)

describe('settling', () => {
  test('names the jobs that nobody runs', async () => {
    const t = await startTestAppWith({}, { work: false })
    await register(t)
    await expect(settle(t.app, [], soon())).rejects.toThrow('Still pending: 1 of the job mail.send.')
    expect(await settleDueJobs(t.app, soon())).toBe(false)
  })

  test('names the sweep that does not come to its end', async () => {
    const t = await startTestAppWith({}, { work: false })
    const endless = { name: 'sweep.endless', run: () => new Promise<void>(() => undefined) }
    await expect(settle(t.app, [endless], soon())).rejects.toThrow('Still pending: the sweep sweep.endless.')
    await expect(settle(t.app, [endless], AbortSignal.abort())).rejects.toBeInstanceOf(Unsettled)
  })

  test('runs the other sweeps although one fails, and then says so', async () => {
    const t = await startTestAppWith({}, { work: false })
    const ran: string[] = []
    const broken = { name: 'sweep.broken', run: () => Promise.reject(new Error('no such thing')) }
    const sound = { name: 'sweep.sound', run: async () => void ran.push('sound') }
    await expect(settle(t.app, [broken, sound], patience())).rejects.toThrow(
      'The sweep sweep.broken failed: no such thing',
    )
    expect(ran).toEqual(['sound'])
  })

  test('waits for the jobs that a sweep queues', async () => {
    const t = await startTestAppWith({})
    const to = { address: 'swept@customer.example', name: null }
    const sweep = {
      name: 'sweep.mails',
      run: async (app: App, at: Date) =>
        void (await inTx(app, (tx) => queueMail(tx, { template: 'payment-confirmation', to, fill: {} }, at))),
    }
    await settle(t.app, [sweep], patience())
    expect(t.mailbox.list(to.address)).toHaveLength(1)
  })

  test('a job that failed and waits is at rest, until its time is brought forward', async () => {
    const t = await startTestAppWith({})
    const email = 'later@customer.example'
    t.mailbox.refuse(email, 451, 1)
    await register(t, { email })
    await settle(t.app, [], patience())
    expect(t.mailbox.list(email)).toHaveLength(0)
    await bringJobsForward(t.app, 3600)
    await settle(t.app, [], patience())
    expect(t.mailbox.list(email)).toHaveLength(1)
  })
})
