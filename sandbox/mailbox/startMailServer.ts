import { once } from 'node:events'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import type { Mailbox } from './mailbox.ts'
import { readLetter } from './readLetter.ts'

const LARGEST_MAIL_BYTES = 5_000_000
const TOO_LARGE = 552
const UNREADABLE = 554

/** A mail server on loopback, until it is stopped. */
export interface MailServer {
  url: string
  stop(): Promise<void>
}

/** Receives every mail into the mailbox, on the preferred port or on a free one when that is taken. */
export async function startMailServer(
  mailbox: Mailbox,
  { now, preferredPort }: { now: () => Date; preferredPort: number },
): Promise<MailServer> {
  const server = await listen(mailbox, now, preferredPort).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
    return listen(mailbox, now, 0)
  })
  const address = server.server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `smtp://127.0.0.1:${port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

async function listen(mailbox: Mailbox, now: () => Date, port: number): Promise<SMTPServer> {
  const server = new SMTPServer({
    name: 'sandbox.localhost',
    banner: 'Frontgate sandbox',
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: LARGEST_MAIL_BYTES,
    closeTimeout: 100,
    onRcptTo({ address }, _session, answer) {
      const code = mailbox.takeRefusal(address)
      answer(code && refusal(code, 'Refused, as /control/mailbox/refuse was asked to.'))
    },
    onData(stream, session, answer) {
      // Accepted once it can be read: who waits for this answer finds the mail in the mailbox.
      receive(mailbox, stream, session, now).then(() => answer(null, 'Received'), answer)
    },
  })
  // A client that breaks off is its own problem; without a listener the event would end the process.
  server.on('error', () => undefined)
  server.server.listen(port, '127.0.0.1')
  await once(server.server, 'listening')
  return server
}

async function receive(
  mailbox: Mailbox,
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  now: () => Date,
): Promise<void> {
  const letter = await readLetter(stream).catch((error: Error) => {
    throw refusal(UNREADABLE, `This mail cannot be read: ${error.message}`)
  })
  if (stream.sizeExceeded) throw refusal(TOO_LARGE, 'This mail is too large.')
  const recipients = session.envelope.rcptTo.map(({ address }) => address)
  mailbox.receive(letter, recipients, now())
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
