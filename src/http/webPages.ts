import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import type { Config } from '../config.ts'
import { packageRoot } from '../packageRoot.ts'
import { describeConfig, type IsOpenFor } from './configRoutes.ts'
import type { Server } from './server.ts'

/** Where `npm run build` leaves what web/ says. */
const built = fileURLToPath(new URL('web/dist', packageRoot))
const CLOUDFLARE = 'https://challenges.cloudflare.com'

/** Where pages are. What is shown there is decided in web/, whose routes a test compares with these. */
export const pagePaths = [
  '/',
  '/pricing',
  '/sign-up',
  '/check-mail',
  '/sign-in',
  '/sign-in/second-factor',
  '/forgot-password',
  '/verify-email',
  '/reset-password',
  '/set-password',
  '/confirm-email-change',
  '/undo-email-change',
  '/accept-invite',
  '/talk-to-sales',
  '/welcome',
  '/billing',
  '/billing/return',
  '/usage',
  '/members',
  '/security',
  '/account',
  '/operator',
  '/operator/*',
] as const

/**
 * Serves the pages: one document for every path, which carries what is configured, and the files that it asks for. Opening
 * one changes nothing here, whoever opens it: mail programs and scanners open links.
 */
export async function webPages(server: Server, app: App, isOpenFor: IsOpenFor): Promise<void> {
  const { fastify, unknown } = server
  await fastify.register(fastifyStatic, {
    root: join(built, 'assets'),
    prefix: '/assets/',
    decorateReply: false,
    preCompressed: true,
    // Their names change with what is in them.
    immutable: true,
    maxAge: '1y',
    schemaHide: true,
  })
  const send = async (request: FastifyRequest, reply: FastifyReply) =>
    sendDocument(app, reply, await isOpenFor(request, reply))
  // Nobody signs up there, so that it is worth no question to the database.
  unknown.showPage = (reply) => sendDocument(app, reply.code(404), app.config.selfServeEnabled)
  fastify.get('/favicon.svg', { schema: { hide: true } }, (_request, reply) =>
    reply.header('cache-control', 'max-age=86400').type('image/svg+xml').send(iconOf(app.config)),
  )
  for (const path of pagePaths) fastify.get(path, { schema: { hide: true } }, send)
}

async function sendDocument(app: App, reply: FastifyReply, isOpen: boolean): Promise<FastifyReply> {
  const template = await readTemplate()
  if (template === null) {
    return reply
      .code(503)
      .type('text/plain; charset=utf-8')
      .send('The pages have not been built. `npm run build`, where Frontgate is installed, does that.\n')
  }
  const nonce = randomBytes(16).toString('base64')
  return reply
    .header('content-security-policy', policyOf(app.config, nonce))
    .type('text/html; charset=utf-8')
    .send(fill(template, { nonce, config: describeConfig(app, isOpen) }))
}

/** The first letter of the product on its color, for the tab. */
function iconOf({ productName, accentColor }: Config): string {
  const letter = escapeText([...productName][0]?.toUpperCase() ?? '')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${accentColor}"/>
<text x="16" y="23" font-family="system-ui,sans-serif" font-size="20" font-weight="700" fill="#fff" text-anchor="middle">${letter}</text></svg>`
}

/** Read each time: a build takes its place while this runs. Null where there is none. */
function readTemplate(): Promise<string | null> {
  return readFile(join(built, 'index.html'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

function fill(
  template: string,
  { nonce, config }: { nonce: string; config: ReturnType<typeof describeConfig> },
): string {
  const { product_name: name, accent_color: accent } = config.brand
  // What is filled in may hold `$`, which a replacement that is a text would make something of.
  return template
    .replaceAll('{{nonce}}', () => nonce)
    .replaceAll('{{accent}}', () => accent)
    .replaceAll('{{product}}', () => escapeText(name))
    .replace('{{config}}', () => JSON.stringify(config).replaceAll('<', '\\u003c'))
}

/** Scripts are files of ours. Styles are too, and what the components make of them at run time, by the nonce. */
function policyOf({ logoUrl, turnstileSiteKey }: Config, nonce: string): string {
  const logo = logoUrl ? [new URL(logoUrl).origin] : []
  const widget = turnstileSiteKey ? [CLOUDFLARE] : []
  const directives = {
    'default-src': ["'none'"],
    'script-src': ["'self'", ...widget],
    'style-src': ["'self'", `'nonce-${nonce}'`],
    'img-src': ["'self'", 'data:', ...logo],
    'font-src': ["'self'"],
    'connect-src': ["'self'"],
    ...(turnstileSiteKey && { 'frame-src': widget }),
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
    'base-uri': ["'none'"],
  }
  return Object.entries(directives)
    .map(([name, sources]) => [name, ...sources].join(' '))
    .join('; ')
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
