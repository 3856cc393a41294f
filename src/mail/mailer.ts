import type { Config } from '../config.ts'
import type { Metrics } from '../http/metrics.ts'
import { callOut } from '../tracing/callOut.ts'

/** A mail as it goes out. `id` becomes its Message-ID, so that a second delivery can be told from a second mail. */
export interface Message {
  id: string
  to: { address: string; name: string }
  /** Where answers go, if not to MAIL_FROM. */
  replyTo?: { address: string; name: string }
  subject: string
  text: string
  html: string
}

export type Outcome = { kind: 'sent'; reply: string } | { kind: 'refused'; reply: string } | { kind: 'off' }

export interface Mailer {
  /** Hands a message to the mail server. A permanent refusal is an outcome; what may pass later is thrown. */
  send(message: Message): Promise<Outcome>
  close(): void
}

interface SmtpError extends Error {
  /** The SMTP command that was answered. */
  command?: string
  responseCode?: number
  response?: string
}

const PERMANENT = 500
const AUTHENTICATION_REQUIRED = 530
const SECONDS = 1000

/** The mail server of SMTP_URL, or a mailer that says it is off. */
export function openMailer(
  config: Pick<Config, 'smtpUrl' | 'mailFrom' | 'productName'>,
  metrics: Pick<Metrics, 'callSeconds'>,
): Mailer {
  if (!config.smtpUrl) return { send: async () => ({ kind: 'off' }), close() {} }
  const url = config.smtpUrl.reveal()
  let transport: ReturnType<typeof openTransport> | undefined
  const host = config.mailFrom.split('@')[1]
  const attributes = { 'server.address': new URL(url).hostname }
  async function send({ id, to, replyTo, subject, text, html }: Message): Promise<Outcome> {
    try {
      transport ??= openTransport(url)
      const { response } = await (await transport).sendMail({
        from: { name: config.productName, address: config.mailFrom },
        // Objects, never strings: a string is parsed, and what it says could add recipients.
        to,
        ...(replyTo && { replyTo }),
        messageId: `<${id}@${host}>`,
        subject,
        text,
        html,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
      return { kind: 'sent', reply: response }
    } catch (error) {
      if (!isFinal(error as SmtpError)) throw error
      const { response, responseCode } = error as SmtpError
      return { kind: 'refused', reply: response ?? String(responseCode) }
    }
  }
  return {
    send: (message) =>
      callOut(
        metrics,
        { to: 'mail-server', name: 'send mail', attributes },
        () => send(message),
        ({ kind }) => ({ outcome: kind === 'refused' ? 'refused' : 'done' }),
      ),
    close: () => void transport?.then((open) => open.close()),
  }
}

/** Loaded with the first mail, which a process without a worker never sends. */
async function openTransport(url: string) {
  const { createTransport } = await import('nodemailer')
  return createTransport({
    url,
    pool: true,
    maxConnections: 3,
    connectionTimeout: 10 * SECONDS,
    greetingTimeout: 10 * SECONDS,
    socketTimeout: 30 * SECONDS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

/**
 * Whether this recipient or this mail was refused for good. A refused greeting, password or sender is refused
 * to all mails and is the operator's to put right, so those mails wait.
 */
function isFinal({ command = '', responseCode = 0 }: SmtpError): boolean {
  const isOfThisMail = command === 'RCPT TO' || command === 'DATA'
  return isOfThisMail && responseCode >= PERMANENT && responseCode !== AUTHENTICATION_REQUIRED
}
