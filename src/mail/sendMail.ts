import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { revealToken } from '../secrets/mailedTokens.ts'
import type { SendMailPayload } from './queueMail.ts'
import { renderMail } from './renderMail.ts'
import { templates } from './templates.ts'

/**
 * Sends a promised mail, unless that is done already. A crash between the mail server's answer and our note
 * of it sends the mail again, with the same Message-ID and the same link.
 */
export async function sendMail(app: App, payload: SendMailPayload): Promise<void> {
  const { mailId, template, to, replyTo } = payload
  const log = await app.db.selectFrom('mail_log').select('status').where('id', '=', mailId).executeTakeFirst()
  if (log?.status !== 'queued') return
  const compose = templates[template] as (fill: object) => ReturnType<(typeof templates)['verification']>
  const words = compose(eachOnOneLine({ ...payload.fill, product: app.config.productName }))
  const body = await renderMail(words, { brand: app.config, link: linkOf(app, payload) })
  const outcome = await app.mailer.send({
    id: mailId,
    to: { address: to.address, name: to.name ?? '' },
    ...(replyTo && { replyTo: { address: replyTo.address, name: onOneLine(replyTo.name) } }),
    subject: words.subject,
    ...body,
  })
  app.metrics.mails.inc({ template, outcome: outcome.kind })
  const reply = outcome.kind === 'off' ? 'SMTP_URL is not set' : outcome.reply.slice(0, 300)
  await inTx(app, (tx) =>
    tx
      .updateTable('mail_log')
      .set({ status: outcome.kind, settled_at: app.now(), smtp_reply: reply })
      .where('id', '=', mailId)
      .execute(),
  )
  if (outcome.kind !== 'sent') app.log.warn({ mailId, template, outcome: outcome.kind }, 'mail not delivered')
}

function linkOf({ config }: App, { link }: SendMailPayload): string | null {
  if (!link) return null
  // The configured origin, never a header of the request that caused the mail.
  const url = new URL(link.path, config.publicUrl)
  if (link.token) url.searchParams.set('token', revealToken(config.secrets, link.token))
  return url.href
}

/** Names that people chose stay inside our sentences: a line of its own would read as ours. */
function eachOnOneLine(fill: object): object {
  const entries = Object.entries(fill).map(([name, value]) => [
    name,
    typeof value === 'string' ? onOneLine(value) : Array.isArray(value) ? value.map(onOneLine) : value,
  ])
  return Object.fromEntries(entries)
}

function onOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Bidi_Control}]+/gu, ' ').trim()
}
