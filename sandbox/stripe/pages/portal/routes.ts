import type { FastifyInstance, FastifyReply } from 'fastify'
import { html } from '../../../pages/html.ts'
import { resumeInPortal } from '../../billing/portalActions.ts'
import type { StripeStandIn } from '../../engine/createStripe.ts'
import { StripeRefusal } from '../../refusal.ts'
import { notice } from '../frame.ts'
import { type Form, field, sendPage } from '../guard.ts'
import { performChange } from '../performChange.ts'
import { afterTask, deepLinkOf } from './deepLink.ts'
import { findPortal, liveSubscription, type Portal } from './findPortal.ts'
import { homePage } from './homePage.ts'
import { type TaskName, tasks } from './tasks.ts'

interface Asked {
  Params: { id: string }
  Querystring: Record<string, unknown>
  Body: Form
}

const taskNames = Object.keys(tasks) as TaskName[]
const RESUMED = 'Your subscription goes on.'

/** The portal, where a customer looks after what they are subscribed to. */
export function portalRoutes(server: FastifyInstance, stripe: StripeStandIn): void {
  server.get<Asked>('/stripe/portal/:id', async ({ params: { id }, query: { done } }, reply) => {
    const world = stripe.at()
    const portal = findPortal(world, id)
    const link = deepLinkOf(portal.session)
    if (link) return sendPage(reply, tasks[offered(portal, link.task)].show(world, portal, link.wish))
    const task = taskNames.find((name) => name === done)
    return sendPage(
      reply,
      homePage(world, portal, task ? tasks[task].done : done === 'resume' ? RESUMED : null),
    )
  })
  for (const task of taskNames) taskRoutes(server, stripe, task)
  server.post<Asked>('/stripe/portal/:id/resume', async ({ params: { id }, body }, reply) => {
    const subscription = liveSubscription(findPortal(stripe.at(), id), field(body, 'subscription'))
    performChange(stripe, (world) => resumeInPortal(world, subscription.id))
    return reply.redirect(`/stripe/portal/${id}?done=resume`, 303)
  })
}

function taskRoutes(server: FastifyInstance, stripe: StripeStandIn, task: TaskName): void {
  const path = `/stripe/portal/:id/${task}`
  const { show, perform } = tasks[task]
  server.get<Asked>(path, async ({ params: { id }, url }, reply) => {
    const world = stripe.at()
    const portal = findPortal(world, id)
    offered(portal, task)
    return sendPage(reply, show(world, portal, new URLSearchParams(url.split(/\?(.*)/s)[1])))
  })
  server.post<Asked>(path, async ({ params: { id }, body }, reply) => {
    const portal = findPortal(stripe.at(), id)
    offered(portal, task)
    try {
      const question = performChange(stripe, (world) => perform(world, portal, body))
      if (question !== null) return reply.redirect(question, 303)
    } catch (error) {
      if (!(error instanceof StripeRefusal) || error.options.code === 'resource_missing') throw error
      const world = stripe.at()
      return sendPage(
        reply,
        show(world, findPortal(world, id), body, error.message),
        error.options.status ?? 400,
      )
    }
    return finish(reply, portal, task)
  })
}

function finish(reply: FastifyReply, { session }: Portal, task: TaskName) {
  if (session.flow === null) return reply.redirect(`/stripe/portal/${session.id}?done=${task}`, 303)
  const { address, words = tasks[task].done } = afterTask(session)
  return address ? reply.redirect(address, 303) : sendPage(reply, notice('Done', html`<p>${words}</p>`))
}

function offered({ features }: Portal, task: TaskName): TaskName {
  if (tasks[task].isOffered(features)) return task
  throw new StripeRefusal('The portal is not configured to offer this.', { status: 403 })
}
