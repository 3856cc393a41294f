import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import type { Log } from '../../../src/http/log.ts'
import { packageRoot } from '../../../src/packageRoot.ts'
import { html } from '../../pages/html.ts'
import { Refusal } from '../../refusal.ts'
import type { StripeStandIn } from '../engine/createStripe.ts'
import { StripeRefusal } from '../refusal.ts'
import { checkoutRoutes } from './checkout/routes.ts'
import { notice, STYLES } from './frame.ts'
import { guardForms, sendPage } from './guard.ts'
import { invoiceRoutes } from './invoice/routes.ts'
import { portalRoutes } from './portal/routes.ts'

/** The pages that a customer sees of the stand-in, below `/stripe`: the checkout, the portal and invoices. */
export function stripePages(server: FastifyInstance, stripe: StripeStandIn, log: Log): void {
  guardForms(server)
  server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const { status, title, detail } = explain(error)
    if (status >= 500) log.error({ error, path: request.routeOptions.url }, 'page of the stand-in failed')
    return sendPage(reply, notice(title, html`<p>${detail}</p>`), status)
  })
  for (const name of STYLES) {
    const style = readFileSync(new URL(`sandbox/stripe/pages/${name}`, packageRoot))
    server.get(`/stripe/pages/${name}`, async (_request, reply) =>
      reply.type('text/css; charset=utf-8').send(style),
    )
  }
  checkoutRoutes(server, stripe)
  portalRoutes(server, stripe)
  invoiceRoutes(server, stripe)
}

function explain(error: Error & { statusCode?: number }): { status: number; title: string; detail: string } {
  if (error instanceof Refusal) return { status: error.status, title: error.title, detail: error.message }
  if (error instanceof StripeRefusal) {
    const { status = 400, code } = error.options
    if (code === 'resource_missing') return { status: 404, title: 'Nothing here', detail: error.message }
    return { status, title: 'That cannot be done', detail: error.message }
  }
  const { statusCode: status = 500, message } = error
  if (status < 500) return { status, title: 'The request cannot be read', detail: message }
  return { status: 500, title: 'This went wrong', detail: 'The log of the service says more.' }
}
