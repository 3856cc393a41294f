import { once } from 'node:events'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bringJobsForward } from '../../sandbox/settle.ts'
import { TcpProxy } from '../db/tcpProxy.ts'
import { newAddress, register } from '../support/people.ts'
import { startTestAppWith, type TestApp } from '../support/testApp.ts'

describe('what a mail server answers', () => {
  test('250 is noted with the server’s words', async () => {
    const t = await startTestAppWith({})
    const { email, userId } = await register(t)
    expect(await t.mailsTo(email)).toHaveLength(1)
    expect(await noted(t, userId)).toMatchObject({
      status: 'sent',
      smtp_reply: expect.stringMatching(/^250/),
    })
  })

  test('550 for the recipient is final: noted, logged without the address, and not tried again', async () => {
    const t = await startTestAppWith({})
    const email = newAddress()
    t.mailbox.refuse(email, 550, 1)
    const { userId } = await register(t, { email })
    expect(await t.mailsTo(email)).toEqual([])
    expect(await noted(t, userId)).toMatchObject({
      status: 'refused',
      smtp_reply: expect.stringMatching(/^550/),
    })
    expect(t.logged.join('')).toContain('"outcome":"refused"')
    expect(t.logged.join('')).not.toContain(email)
    await later(t)
    expect(t.mailbox.list(email)).toEqual([])
  })

  test('451 is tried again until it passes, and then sent once', async () => {
    const t = await startTestAppWith({})
    const email = newAddress()
    t.mailbox.refuse(email, 451, 2)
    const { userId } = await register(t, { email })
    for (let attempt = 1; attempt <= 2; attempt++) {
      await t.settled()
      expect(t.mailbox.list(email)).toEqual([])
      expect(await noted(t, userId)).toMatchObject({ status: 'queued' })
      await later(t)
    }
    expect(t.mailbox.list(email)).toHaveLength(1)
    expect(await noted(t, userId)).toMatchObject({ status: 'sent' })
    await later(t)
    expect(t.mailbox.list(email)).toHaveLength(1)
  })

  test('a refusal of the password, which is the operator’s to put right, loses no mail', async () => {
    let isRight = false
    const url = await mailServer({
      onAuth: (_auth, _session, answer) =>
        isRight ? answer(null, { user: 'frontgate' }) : answer(refusal(535, 'Wrong password')),
    })
    const t = await startTestAppWith({ SMTP_URL: url.replace('//', '//frontgate:secret@') })
    const { userId } = await register(t)
    await t.settled()
    expect(await noted(t, userId)).toMatchObject({ status: 'queued' })
    isRight = true
    await later(t)
    expect(await noted(t, userId)).toMatchObject({ status: 'sent' })
    expect(t.logged.join('')).not.toContain('secret')
  })

  test('a refusal of the sender, which is the operator’s to put right, loses no mail', async () => {
    let isRight = false
    const url = await mailServer({
      onMailFrom: (_address, _session, answer) =>
        answer(isRight ? undefined : refusal(550, 'Sender not verified')),
    })
    const t = await startTestAppWith({ SMTP_URL: url })
    const { userId } = await register(t)
    await t.settled()
    expect(await noted(t, userId)).toMatchObject({ status: 'queued' })
    isRight = true
    await later(t)
    expect(await noted(t, userId)).toMatchObject({ status: 'sent' })
  })

  test('a refusal of the content is final', async () => {
    const url = await mailServer({
      onData: (stream, _session, answer) => {
        stream.resume().on('end', () => answer(refusal(554, 'Looks like spam')))
      },
    })
    const t = await startTestAppWith({ SMTP_URL: url })
    const { userId } = await register(t)
    await t.settled()
    expect(await noted(t, userId)).toMatchObject({ status: 'refused', smtp_reply: '554 Looks like spam' })
  })
})

describe('a mail server that cannot be reached', () => {
  test('is tried again, and gets each mail once', async () => {
    const t = await startTestAppWith({}, { work: false })
    const way = await TcpProxy.start(t.app.config.smtpUrl?.reveal() ?? '')
    onTestFinished(() => way.stop())
    await way.cut()
    const w = await startTestAppWith({ DATABASE_URL: t.databaseUrl, SMTP_URL: way.url })
    const people = [await register(t), await register(t)]
    await t.settled()
    expect(w.logged.join('')).toContain('job failed, it will be tried again')
    await way.restore()
    await later(t)
    for (const { email } of people) expect(t.mailbox.list(email)).toHaveLength(1)
  })

  test('that is not configured is noted as off', async () => {
    const t = await startTestAppWith({ SMTP_URL: '' })
    const { userId } = await register(t)
    await t.settled()
    expect(await noted(t, userId)).toMatchObject({ status: 'off' })
  })
})

async function noted(t: TestApp, userId: string) {
  return t.app.db
    .selectFrom('mail_log')
    .select(['status', 'smtp_reply'])
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow()
}

async function later(t: TestApp): Promise<void> {
  await bringJobsForward(t.app, 86_400)
  await t.settled()
}

/** A mail server that accepts everything but what these handlers refuse. */
async function mailServer(handlers: SMTPServerOptions): Promise<string> {
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onData: (stream, _session, answer) => {
      stream.resume().on('end', () => answer(null))
    },
    ...handlers,
  })
  server.on('error', () => undefined)
  server.server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  onTestFinished(() => new Promise((resolve) => server.close(resolve)))
  const address = server.server.address()
  return `smtp://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
