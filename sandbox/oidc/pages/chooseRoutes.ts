import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { InteractionResults } from 'oidc-provider'
import { Refusal } from '../../refusal.ts'
import { type Form, field, guardForms, sendPage } from '../../stripe/pages/guard.ts'
import type { StandIn } from '../createProviders.ts'
import { choosePage } from './choosePage.ts'
import { errorPage } from './errorPage.ts'

/** The page on which somebody says who they are, or goes back. */
export async function chooseRoutes<Person extends object>(
  server: FastifyInstance,
  { persona, people, form: { show, fields, read }, open, log }: StandIn<Person>,
): Promise<void> {
  guardForms(server)
  server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const { status, title, detail } = explain(error)
    if (status === 500) log.error({ error, path: request.routeOptions.url }, 'page of a provider failed')
    return sendPage(reply, errorPage(persona.title, title, detail), status)
  })

  server.get('/choose/:uid', async (request, reply) => {
    const { provider } = await open()
    const { params } = await provider.interactionDetails(request.raw, reply.raw)
    const hint = typeof params.login_hint === 'string' ? params.login_hint : undefined
    const named = hint === undefined ? undefined : people.findByHint(hint)
    if (named) return goOn(request, reply, signedIn(persona.keyOf(named)))
    const shown = people.list().map((person) => ({ ...show(person), key: persona.keyOf(person) }))
    return sendPage(reply, choosePage({ provider: persona.title, people: shown, hint, fields }))
  })

  server.post<{ Body: Form }>('/choose/:uid', async (request, reply) =>
    goOn(request, reply, resultOf(request.body)),
  )

  function resultOf(form: Form): InteractionResults {
    switch (field(form, 'answer')) {
      case 'cancel':
        return { error: 'access_denied', error_description: 'The person has gone back' }
      case 'new': {
        const person = read(form)
        people.put(person)
        return signedIn(persona.keyOf(person))
      }
    }
    const key = field(form, 'person')
    if (!people.find(key)) throw new Refusal(422, 'Nobody signs in', 'This person is not here any more.')
    return signedIn(key)
  }

  async function goOn(request: FastifyRequest, reply: FastifyReply, result: InteractionResults) {
    const { provider } = await open()
    return reply.redirect(await provider.interactionResult(request.raw, reply.raw, result), 303)
  }
}

function signedIn(accountId: string): InteractionResults {
  return { login: { accountId, remember: false }, select_account: {}, consent: {} }
}

function explain(error: Error & { statusCode?: number }): { status: number; title: string; detail: string } {
  if (error instanceof Refusal) return { status: error.status, title: error.title, detail: error.message }
  const { name, message, statusCode = 500 } = error
  if (name === 'SessionNotFound') {
    return { status: 400, title: 'Nothing to choose for', detail: 'This sign-in is over. Begin it again.' }
  }
  if (statusCode < 500) return { status: statusCode, title: 'The request cannot be read', detail: message }
  return { status: 500, title: 'This went wrong', detail: 'The log of the service says more.' }
}
