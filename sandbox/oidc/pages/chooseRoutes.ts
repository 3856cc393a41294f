import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { InteractionResults } from 'oidc-provider'
import { Refusal } from '../../refusal.ts'
import { type Form, field, guardForms, sendPage } from '../../stripe/pages/guard.ts'
import type { StandIn } from '../createProviders.ts'
import { choosePage } from './choosePage.ts'

/** The page on which somebody says who they are, or goes back. */
export async function chooseRoutes<Person extends object>(
  server: FastifyInstance,
  { persona, people, form: { show, fields, read }, open }: StandIn<Person>,
): Promise<void> {
  guardForms(server)

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
