import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Server } from './server.ts'

/** Whether a visitor may create an account here; it may mark their browser to know them again. */
export type IsOpenFor = (request: FastifyRequest, reply: FastifyReply) => Promise<boolean>

/** A page whose script and the one style are named by hash in its policy. */
export interface PlainPage {
  path: string
  title: string
  product: string
  /** What stands in the middle, as HTML: the same for everybody, or made for each visitor. */
  main: string | ((request: FastifyRequest, reply: FastifyReply) => Promise<string>)
  script: string
  /** The one origin from which it may load scripts and frames. Without it a page has nothing from elsewhere. */
  widgetsFrom?: string
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { display: grid; min-height: 100vh; margin: 0; place-items: center; background: light-dark(#f4f5f7, #12151a) }
main { box-sizing: border-box; width: min(26rem, 100vw - 2rem); padding: 2rem; border-radius: .75rem; background: light-dark(#fff, #1b2027) }
h1 { margin: 0 0 .5rem; font-size: 1.25rem } p { margin: 0 0 1.25rem }
label { display: block; margin-bottom: 1rem } input, textarea { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit }
button { width: 100%; margin-top: .5rem; padding: .7rem; border: 0; border-radius: .4rem; background: #1f5eff; color: #fff; font: inherit; font-weight: 600; cursor: pointer }
button.plain, a.button { box-sizing: border-box; display: block; width: 100%; margin-top: .5rem; padding: .65rem; border: 1px solid light-dark(#c9ced6, #3a424d); border-radius: .4rem; background: none; color: inherit; text-align: center; text-decoration: none; font-weight: 600 }
hr { margin: 1.25rem 0; border: 0; border-top: 1px solid light-dark(#e3e6ea, #2b323b) } form + p, div + p { margin: 1.25rem 0 0; font-size: .9rem }
ul { margin: 0 0 1rem; padding: 0; list-style: none } li { display: flex; gap: 1rem; align-items: center; justify-content: space-between } li span { min-width: 0; overflow-wrap: anywhere } li button.plain { flex: none; width: auto; padding: .3rem .8rem }
output.fault { padding: .75rem 1rem; border-radius: .4rem; background: light-dark(#fdecea, #3b1d1b) }
a.main { padding: .7rem; border: 0; background: #1f5eff; color: #fff }
button:disabled { opacity: .5; cursor: default } output { display: block; margin: 1rem 0 } output:empty { display: none }
.away { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }`

/** Serves a page; opening it changes nothing here, whoever opens it. */
export function servePage({ fastify }: Server, page: PlainPage): void {
  const { main, widgetsFrom } = page
  const always = typeof main === 'string' ? render(page, main) : null
  const policy = [
    "default-src 'none'",
    `script-src ${[hashOf(page.script), ...(widgetsFrom ? [widgetsFrom] : [])].join(' ')}`,
    ...(widgetsFrom ? [`frame-src ${widgetsFrom}`] : []),
    `style-src ${hashOf(style)}`,
    "connect-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
  fastify.get(page.path, { schema: { hide: true } }, async (request, reply) => {
    const html = typeof main === 'string' ? always : render(page, await main(request, reply))
    return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(html)
  })
}

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

function render({ title, product, script }: PlainPage, main: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer"><title>${title} · ${escapeText(product)}</title><style>${style}</style>
<main><h1>${title}</h1><output aria-live="polite"></output>${main}</main><script>${script}</script></html>`
}

/** The way back into the product, where it has said where it is. */
export function wayBack([origin]: readonly string[]): string {
  return origin
    ? `<p><a class="button main" href="${escapeText(origin)}">Back to ${escapeText(new URL(origin).host)}</a></p>`
    : ''
}

/** Text as it stands between tags, and in the quotes of an attribute. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
