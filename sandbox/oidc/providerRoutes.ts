import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../refusal.ts'
import { sendPage } from '../stripe/pages/guard.ts'
import type { StandIn } from './createProviders.ts'
import { chooseRoutes } from './pages/chooseRoutes.ts'
import { ERROR_POLICY, errorPage } from './pages/errorPage.ts'

interface AtDirectory {
  Params: { directory?: string }
}

/** What a provider answers: to the service its metadata, keys and tokens, and to people its pages. */
export async function providerRoutes<Person extends object>(
  server: FastifyInstance,
  standIn: StandIn<Person>,
): Promise<void> {
  const { faults, persona, log } = standIn
  server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    // What is no browser is told in JSON, as everywhere in the sandbox.
    if (!request.headers.accept?.includes('text/html')) throw error
    const { status, title, detail } = explain(error)
    if (status === 500) log.error({ error, path: request.routeOptions.url }, 'page of a provider failed')
    reply.header('content-security-policy', ERROR_POLICY)
    return sendPage(reply, errorPage(persona.title, title, detail), status)
  })
  server.addHook('onRequest', async () => {
    if (!faults.take(['down'])) return
    throw new Refusal(
      503,
      'Out of order',
      `${persona.title} is down, as it was told to be. DELETE /control/${persona.name}/faults ends it.`,
    )
  })
  await server.register(async (protocol) => protocolRoutes(protocol, standIn))
  await server.register(async (pages) => chooseRoutes(pages, standIn))
}

function protocolRoutes<Person extends object>(server: FastifyInstance, standIn: StandIn<Person>): void {
  const { paths, metadata } = standIn.persona
  // The library reads them itself.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/x-www-form-urlencoded', (_request, _body, done) => done(null))

  server.get<AtDirectory>(paths.place + paths.metadata, async ({ params: { directory = '' } }) =>
    metadata(directory),
  )
  server.get(paths.place + paths.keys, async () => {
    const { keys } = await standIn.open()
    return { keys: keys.map(({ publicJwk }) => publicJwk) }
  })

  const handOn = (request: FastifyRequest<AtDirectory>, reply: FastifyReply) =>
    answer(standIn, request, reply)
  server.get<AtDirectory>(paths.place + paths.authorization, handOn)
  server.get<AtDirectory>(`${paths.place}${paths.authorization}/:uid`, handOn)
  server.post<AtDirectory>(paths.place + paths.token, handOn)
}

/** Lets the library answer, which takes itself for the only one on its server. */
async function answer<Person extends object>(
  { persona, people, open }: StandIn<Person>,
  { raw, params: { directory } }: FastifyRequest<AtDirectory>,
  reply: FastifyReply,
): Promise<void> {
  const { handle } = await open()
  const { pathname, searchParams } = new URL(raw.url ?? '', 'http://localhost')
  // Who is named need not be asked for, whatever the client would have preferred.
  if (people.findByHint(searchParams.get('login_hint') ?? '')) searchParams.delete('prompt')
  const place = directory === undefined ? `/${persona.name}` : `/${persona.name}/${directory}`
  const url = `${pathname.slice(place.length)}${searchParams.size > 0 ? `?${searchParams}` : ''}`
  reply.hijack()
  await handle(Object.assign(raw, { url, originalUrl: place + url }), reply.raw)
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
