import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Problem } from './problem.ts'
import type { Settings } from './settings.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>One moment</title>
<body style="font: 16px system-ui; margin: 20vh auto; max-width: 24rem; padding: 0 1rem">
<h1>One moment</h1><p>The pages are being built. This happens once, and takes a few seconds.</p></body></html>`

/** The built pages: one document for every path that is not the API’s, and the files that it loads. */
export function pageRoutes(
  server: FastifyInstance,
  { pagesFolder, frontgateUrl }: Pick<Settings, 'pagesFolder' | 'frontgateUrl'>,
): void {
  const policy = [
    `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'`,
    `connect-src 'self' ${new URL(frontgateUrl).origin}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  ].join('; ')

  server.get<{ Params: { name: string } }>('/assets/:name', async ({ params: { name } }, reply) => {
    const folder = join(pagesFolder, 'assets')
    // Only what is in the folder, whatever the name says.
    const names: string[] = await readdir(folder).catch(() => [])
    if (!names.includes(name)) throw new Problem('not-found', 'There is no such file.')
    reply.header('cache-control', 'public, max-age=31536000, immutable')
    return sendFile(reply, name, await readFile(join(folder, name)))
  })

  server.get('/*', async (request, reply) => {
    if (request.url.startsWith('/api/')) throw new Problem('not-found', 'There is no such operation.')
    reply.headers({
      'cache-control': 'no-cache',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
    })
    const page = await readFile(join(pagesFolder, 'index.html'), 'utf8').catch(() => null)
    if (page === null) return sendFile(reply.code(503), 'index.html', NOT_BUILT)
    return sendFile(reply, 'index.html', page.replace('%FRONTGATE_URL%', frontgateUrl))
  })
}

function sendFile(reply: FastifyReply, name: string, content: string | Buffer): FastifyReply {
  return reply
    .type(TYPES[extname(name)] ?? 'application/octet-stream')
    .header('x-content-type-options', 'nosniff')
    .send(content)
}
