import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problem } from '../problems.ts'
import { sendProblem } from './renderProblem.ts'

/** What is shown where nothing is. */
export interface UnknownRoutes {
  /** Sends people a page in place of the problem; null while there is none. */
  showPage: ((reply: FastifyReply) => Promise<FastifyReply>) | null
}

/** Where programs look, which read problems whatever they say that they accept. */
const FOR_PROGRAMS = /^\/+(v1|assets|docs|problems|\.well-known)(\/|$)/i

/**
 * Answers 405 and the methods there are where a path is known but not with this method, and 404 elsewhere: to browsers
 * that open a page with a page, if there is one. Routes that were there before are not known to it.
 */
export function refuseUnknownRoutes(server: FastifyInstance): UnknownRoutes {
  const unknown: UnknownRoutes = { showPage: null }
  const routes = new Map<string, { path: RegExp; methods: Set<string> }>()
  server.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { path: pathPattern(url), methods: new Set() }
    routes.set(url, route)
    for (const each of [method].flat()) route.methods.add(each)
  })
  function refuse(request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> {
    const path = request.url.split('?', 1)[0] ?? ''
    const known = [...routes.values()].filter((route) => route.path.test(path))
    const methods = new Set(known.flatMap((route) => [...route.methods]))
    // The router has its own mind about odd paths: one that it did not find is not offered.
    if (methods.size === 0 || methods.has(request.method)) {
      const isForPeople = opensPage(request) && !FOR_PROGRAMS.test(path)
      return isForPeople && unknown.showPage
        ? unknown.showPage(reply)
        : sendProblem(reply, problem('not-found'))
    }
    const allow = [...methods].sort().join(', ')
    return sendProblem(reply, problem('method-not-allowed', undefined, { headers: { allow } }))
  }
  server.setNotFoundHandler(refuse)
  // Before a body is read, which nobody wants.
  server.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    const refused = refuse(request, reply)
    if (refused instanceof Promise) refused.catch(done)
  })
  return unknown
}

function opensPage({ method, headers }: FastifyRequest): boolean {
  return ['GET', 'HEAD'].includes(method) && /\btext\/html\b/.test(headers.accept ?? '')
}

function pathPattern(url: string): RegExp {
  const escaped = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replace(/:[^/]+/g, '[^/]+').replaceAll('*', '.*')}$`)
}
