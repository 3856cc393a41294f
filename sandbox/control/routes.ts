import type { FastifyInstance } from 'fastify'
import type { Parts } from '../parts.ts'
import { Refusal } from '../refusal.ts'
import { clockRoutes } from './clock.ts'
import { mailboxRoutes } from './mailbox.ts'
import { oidcControlRoutes } from './oidc.ts'
import { operatorRoutes } from './operators.ts'
import { stripeControlRoutes } from './stripe.ts'

/** What a person does on the pages, a test or a demo does here, in JSON. */
export function controlRoutes(server: FastifyInstance, parts: Parts): void {
  server.addHook('onRequest', async ({ method, headers }) => {
    if (method === 'GET' || headers['sec-fetch-site'] !== 'cross-site') return
    throw new Refusal(403, 'Not from there', 'Pages of other sites may not control the sandbox.')
  })
  clockRoutes(server, parts)
  mailboxRoutes(server, parts)
  operatorRoutes(server, parts)
  const { google, microsoft } = parts.providers
  server.register(async (scope) => oidcControlRoutes(scope, google), { prefix: '/google' })
  server.register(async (scope) => oidcControlRoutes(scope, microsoft), { prefix: '/microsoft' })
  server.register(async (stripe) => stripeControlRoutes(stripe, parts), { prefix: '/stripe' })
}
