import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import nodemailer from 'nodemailer'
import type Mail from 'nodemailer/lib/mailer/index.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findLinks } from '../../sandbox/mailbox/findLinks.ts'
import { Mailbox } from '../../sandbox/mailbox/mailbox.ts'
import { type MailServer, startMailServer } from '../../sandbox/mailbox/startMailServer.ts'

const at = new Date('2031-05-06T07:08:09.010Z')
let mailbox: Mailbox
let server: MailServer

beforeEach(async () => {
  mailbox = new Mailbox()
  server = await startMailServer(mailbox, { now: () => at, preferredPort: 0 })
})
afterEach(() => server.stop())

describe('the mail server', () => {
  test('has a mail in the mailbox by the time it accepts it, as it was written', async () => {
    await send({
      messageId: '<7@frontgate.test>',
      subject: 'Grüße aus Zürich – 你好 ✓',
      text: 'Schöne Grüße\n\nhttps://example.com/a?b=1&c=2',
      html: '<p>Schöne Grüße</p><a href="https://example.com/a?b=1&amp;c=2">mehr</a>',
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
    const [mail] = mailbox.list('ada@example.com')
    expect(mail).toMatchObject({
      to: 'ada@example.com',
      from: 'Søren <soren@example.com>',
      subject: 'Grüße aus Zürich – 你好 ✓',
      html: '<p>Schöne Grüße</p><a href="https://example.com/a?b=1&amp;c=2">mehr</a>',
      links: ['https://example.com/a?b=1&c=2'],
      received_at: '2031-05-06T07:08:09.010Z',
    })
    expect(mail?.text.trim()).toBe('Schöne Grüße\n\nhttps://example.com/a?b=1&c=2')
    expect(mail?.headers).toMatchObject({
      'message-id': '<7@frontgate.test>',
      'auto-submitted': 'auto-generated',
    })
  })

  test('a part that is missing is empty', async () => {
    await send({ text: 'only text' })
    await send({ html: '<p>only html</p>' })
    expect(mailbox.list().map(({ text, html }) => [text.trim(), html.trim()])).toEqual([
      ['', '<p>only html</p>'],
      ['only text', ''],
    ])
  })

  test('puts a mail in for each recipient of the envelope, whatever its header says', async () => {
    await send({
      envelope: { from: 'soren@example.com', to: ['Ada@example.com', 'hidden@example.com'] },
      text: 'x',
    })
    expect(
      mailbox
        .list()
        .map(({ to }) => to)
        .sort(),
    ).toEqual(['Ada@example.com', 'hidden@example.com'])
    expect(mailbox.list('ADA@example.COM')).toHaveLength(1)
    expect(mailbox.list('da@example.com')).toHaveLength(0)
    expect(mailbox.search('DA@exam')).toHaveLength(1)
  })

  test('lists the newest first, and nothing once it is emptied', async () => {
    for (const subject of ['first', 'second', 'third']) await send({ subject, text: subject })
    const subjects = mailbox.list().map(({ subject }) => subject)
    expect(subjects).toEqual(['third', 'second', 'first'])
    const [newest] = mailbox.list()
    expect(mailbox.find(newest?.id ?? '')).toBe(newest)
    mailbox.empty()
    expect(mailbox.list()).toEqual([])
  })

  test.each([550, 451] as const)('refuses with %i as often as it is told', async (code) => {
    mailbox.refuse('ADA@example.com', code, 2)
    for (const _time of [1, 2]) {
      await expect(send({ text: 'x' })).rejects.toMatchObject({ code: 'EENVELOPE', responseCode: code })
    }
    await send({ to: 'other@example.com', text: 'x' })
    await send({ text: 'x' })
    expect(mailbox.list().map(({ to }) => to)).toEqual(['ada@example.com', 'other@example.com'])
  })

  test('a refusal of 0 times lifts the one before', async () => {
    mailbox.refuse('ada@example.com', 550, 5)
    mailbox.refuse('ada@example.com', 550, 0)
    await send({ text: 'x' })
    expect(mailbox.size).toBe(1)
  })

  test('a mail that is too large is refused and does not arrive', async () => {
    await expect(send({ text: 'x'.repeat(6_000_000) })).rejects.toMatchObject({ responseCode: 552 })
    expect(mailbox.size).toBe(0)
  })

  test('a client that breaks off leaves no half mail', async () => {
    const socket = createConnection({ port: Number(new URL(server.url).port), host: '127.0.0.1' })
    for (const line of ['EHLO x', 'MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>', 'DATA']) {
      await once(socket, 'data')
      socket.write(`${line}\r\n`)
    }
    await once(socket, 'data')
    socket.write('Subject: half\r\n\r\nhalf')
    socket.destroy()
    await once(socket, 'close')
    await send({ text: 'whole' })
    expect(mailbox.list().map(({ text }) => text.trim())).toEqual(['whole'])
  })

  test('takes another port when the preferred one is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const { port } = blocker.address() as { port: number }
    const other = await startMailServer(mailbox, { now: () => at, preferredPort: port })
    expect(other.url).not.toBe(`smtp://127.0.0.1:${port}`)
    await other.stop()
    blocker.close()
  })

  test('forgets the oldest of very many', () => {
    const letter = { from: '', subject: '', text: '', html: '', links: [], headers: {} }
    for (let i = 0; i <= 5000; i++)
      mailbox.receive({ ...letter, subject: String(i) }, ['ada@example.com'], at)
    expect(mailbox.size).toBe(5000)
    expect(mailbox.list().at(0)?.subject).toBe('5000')
    expect(mailbox.list().at(-1)?.subject).toBe('1')
  })
})

describe('the links of a mail', () => {
  const a = 'https://example.com/a'
  test.each([
    ['one in each part counts once', `see ${a}`, `<a href="${a}">x</a>`, [a]],
    ['those of the text come first', `${a}2`, `<a href="${a}1">x</a>`, [`${a}2`, `${a}1`]],
    ['entities are decoded', '', `<a href='${a}?x=1&amp;y=&#39;&#x7A;'>x</a>`, [`${a}?x=1&y='z`]],
    ['what is written in HTML counts', '', `<p>${a}?x=1&amp;y=2</p>`, [`${a}?x=1&y=2`]],
    [
      'the end of a sentence is not part of it',
      `Is it (${a})? Or ${a}/b_(c), or ${a}!`,
      '',
      [a, `${a}/b_(c)`],
    ],
    [
      'a token may end in a dash or an underscore',
      `${a}?token=x_ ${a}?token=x-`,
      '',
      [`${a}?token=x_`, `${a}?token=x-`],
    ],
    ['only the web counts', 'mailto:a@b.example ftp://c.example', '<a href="javascript:x">x</a>', []],
    [
      'what nobody sees does not',
      '',
      `<!DOCTYPE html "http://www.w3.org/x"><style>a{b:url(${a})}</style><!-- ${a} -->`,
      [],
    ],
  ])('%s', (_what, text, html, links) => {
    expect(findLinks(text, html)).toEqual(links)
  })
})

async function send(message: Mail.Options): Promise<void> {
  const transport = nodemailer.createTransport({ url: server.url, ignoreTLS: true })
  await transport.sendMail({
    from: { name: 'Søren', address: 'soren@example.com' },
    to: 'ada@example.com',
    ...message,
  })
  transport.close()
}
