import type { FastifyInstance } from 'fastify'
import type { Log } from '../../src/http/log.ts'
import type { Oidc } from '../../src/oidc/openOidc.ts'
import { type ProviderName, providerNames } from '../../src/oidc/rules.ts'
import { Faults } from './faults.ts'
import { type GooglePerson, google } from './google.ts'
import { type MicrosoftPerson, microsoft } from './microsoft.ts'
import type { OpenedProvider } from './openProvider.ts'
import { googleForm } from './pages/googleForm.ts'
import { microsoftForm } from './pages/microsoftForm.ts'
import type { PersonForm } from './pages/personForm.ts'
import { People } from './people.ts'
import type { Persona } from './persona.ts'
import { providerRoutes } from './providerRoutes.ts'

export interface ProvidersOptions {
  /** Where people are kept between runs; null, and they are not. */
  folder: string | null
  /** Where a browser reaches the sandbox. */
  publicUrl: string
  /** Where a browser reaches the service. */
  serviceUrl: string
  /** Those that are played; others are left to be the real ones. */
  played?: readonly ProviderName[]
  log: Log
}

/** One provider that is played: whom it knows, what is to go wrong, and its protocol. */
export interface StandIn<Person extends object> {
  persona: Persona<Person>
  people: People<Person>
  faults: Faults
  form: PersonForm<Person>
  /** Whether it is asked instead of the real one. */
  isPlayed: boolean
  log: Log
  /** Opened when somebody first needs it. */
  open(): Promise<OpenedProvider>
}

/** Google and Microsoft, as the sandbox plays them behind their real names. */
export interface Providers {
  google: StandIn<GooglePerson>
  microsoft: StandIn<MicrosoftPerson>
  /** Answers below /google and /microsoft. */
  routes(server: FastifyInstance): Promise<void>
  /** The real fetch, but for addresses of those that are played, which it asks for here. */
  fetch: typeof globalThis.fetch
  /** Where an address of a provider that is played is in the sandbox; others are as they were. */
  addressOf(address: URL): URL
  /** The same sign-in, for people whose browser finds Google and Microsoft in the sandbox. */
  showHere(oidc: Oidc): Oidc
}

/** Plays Google and Microsoft. Nothing is loaded, and no key made, until somebody signs in. */
export function createProviders(options: ProvidersOptions): Providers {
  const standIns = {
    google: standInOf(google, googleForm, options),
    microsoft: standInOf(microsoft, microsoftForm, options),
  }
  const playedAt = ({ origin }: URL) =>
    Object.values(standIns).find(({ persona, isPlayed }) => isPlayed && persona.origins.includes(origin))

  function addressOf(address: URL): URL {
    const standIn = playedAt(address)
    if (!standIn) return address
    return new URL(`/${standIn.persona.name}${address.pathname}${address.search}`, options.publicUrl)
  }

  return {
    ...standIns,
    async routes(server) {
      const { google, microsoft } = standIns
      await server.register(async (scope) => providerRoutes(scope, google), { prefix: '/google' })
      await server.register(async (scope) => providerRoutes(scope, microsoft), {
        prefix: '/microsoft',
      })
    },
    async fetch(input, init) {
      const address = new URL(input instanceof Request ? input.url : input)
      const standIn = playedAt(address)
      if (!standIn) return globalThis.fetch(input, init)
      if (standIn.faults.take(['unreachable'])) throw nobodyAnswers()
      const here = addressOf(address)
      return globalThis.fetch(input instanceof Request ? new Request(here, input) : here, init)
    },
    addressOf,
    showHere: (oidc) => ({
      ...oidc,
      authorizationUrl: async (provider, question) =>
        addressOf(await oidc.authorizationUrl(provider, question)),
    }),
  }
}

function standInOf<Person extends object>(
  persona: Persona<Person>,
  form: PersonForm<Person>,
  { folder, serviceUrl, played = providerNames, log }: ProvidersOptions,
): StandIn<Person> {
  const people = new People(persona, folder)
  const faults = new Faults()
  const redirectUri = `${serviceUrl}/v1/auth/oauth/${persona.name}/callback`
  let opened: Promise<OpenedProvider> | undefined
  return {
    persona,
    people,
    faults,
    form,
    isPlayed: played.includes(persona.name),
    log,
    open() {
      opened ??= import('./openProvider.ts').then(({ openProvider }) =>
        openProvider({ persona, people, faults, redirectUri, log }),
      )
      return opened
    },
  }
}

/** What fetch throws where nobody listens. */
function nobodyAnswers(): TypeError {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  return new TypeError('fetch failed', { cause })
}
