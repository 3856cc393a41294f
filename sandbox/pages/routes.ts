import { readFileSync } from 'node:fs'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { packageRoot } from '../../src/packageRoot.ts'
import type { Parts } from '../parts.ts'
import { Refusal } from '../refusal.ts'
import { stripePages } from '../stripe/pages/routes.ts'
import { findTrialEnd } from './findTrialEnd.ts'
import { mailboxPage, mailList, type View, views } from './mailboxPage.ts'
import { overviewPage } from './overviewPage.ts'
import { stripePage } from './stripePage.ts'

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
// A mail is a stranger's page: no scripts, no origin, nothing fetched but the logo of the settings, and its links open
// beside the mailbox.
const mailPolicy = (logo: string) =>
  `sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:${logo}; form-action 'none'; frame-ancestors 'self'`
const FILES = [
  'base.css',
  'overview.css',
  'mailbox.css',
  'stripe.css',
  'choose.css',
  'sandbox.js',
  'gate.svg',
]
const TYPES: Record<string, string> = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' }
const LONGEST_SEARCH = 320

interface Asked {
  Params: { id: string }
  Querystring: Record<string, unknown>
}

/** The pages for people: the overview at `/`, the mailbox, and those of what stands in for Stripe. */
export async function pageRoutes(server: FastifyInstance, parts: Parts): Promise<void> {
  await server.register(async (pages) => ownRoutes(pages, parts))
  await server.register(async (pages) => stripePages(pages, parts.stripe, parts.app.log))
}

function ownRoutes(server: FastifyInstance, parts: Parts): void {
  const { mailbox } = parts
  const logo = sourceOf(parts.app.config.logoUrl)
  server.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', PAGE_POLICY)
  })
  fileRoutes(server)

  server.get('/', async (request, reply) => {
    const trialEnd = await findTrialEnd(parts.app)
    return sendPage(reply, overviewPage(parts, `http://${request.headers.host}`, trialEnd))
  })
  server.get('/stripe', async (_request, reply) => sendPage(reply, stripePage(parts)))
  server.get<Asked>('/mailbox', async ({ query }, reply) => {
    return sendPage(reply, mailboxPage(parts, { search: searchOf(query) }))
  })
  server.get<Asked>('/mailbox/list', async ({ query }, reply) => {
    const open = typeof query.open === 'string' ? mailbox.find(query.open) : undefined
    return sendPage(reply, mailList(parts, { search: searchOf(query), open }).text)
  })
  server.get<Asked>('/mailbox/:id', async ({ params, query }, reply) => {
    const open = mailbox.find(params.id)
    // One that was emptied away: what is left is the list.
    if (!open) return reply.redirect('/mailbox')
    const view = views.find((each) => each === query.view) as View | undefined
    return sendPage(reply, mailboxPage(parts, { search: searchOf(query), open, view }))
  })
  server.get<Asked>('/mailbox/:id/html', async ({ params }, reply) => {
    const mail = mailbox.find(params.id)
    if (!mail) throw new Refusal(404, 'Nothing here', 'This mail is no longer in the mailbox.')
    return sendPage(reply.header('content-security-policy', mailPolicy(logo)), openingBeside(mail.html))
  })
}

function fileRoutes(server: FastifyInstance): void {
  for (const name of FILES) {
    const type = TYPES[name.split('.').pop() ?? '']
    const content = readFileSync(new URL(`sandbox/pages/${name}`, packageRoot))
    server.get(`/pages/${name}`, async (_request, reply) =>
      reply.type(`${type}; charset=utf-8`).send(content),
    )
  }
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page)
}

function searchOf({ to }: Record<string, unknown>): string {
  return typeof to === 'string' ? to.trim().slice(0, LONGEST_SEARCH) : ''
}

/** A frame without an origin could show nothing of the web: its links go to a tab of their own. */
function openingBeside(mail: string): string {
  const base = '<base target="_blank">'
  const head = /<head\b[^>]*>/i
  return head.test(mail) ? mail.replace(head, (found) => found + base) : base + mail
}

/** One address in a policy, which has none of what ends a source or a directive there. */
function sourceOf(address: string | undefined): string {
  if (!address) return ''
  const { origin, pathname } = new URL(address)
  return ` ${origin}${pathname.replaceAll(';', '%3B').replaceAll(',', '%2C')}`
}
