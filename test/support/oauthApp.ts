import { onTestFinished } from 'vitest'
import { oidcControlRoutes } from '../../sandbox/control/oidc.ts'
import { createProviders, type Providers } from '../../sandbox/oidc/createProviders.ts'
import { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET } from '../../sandbox/oidc/google.ts'
import { MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET } from '../../sandbox/oidc/microsoft.ts'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { makeServer } from '../../sandbox/server.ts'
import { makeLog } from '../../src/http/log.ts'
import { Browser } from './browser.ts'
import { startTestApp, type TestApp } from './testApp.ts'
import { testEnvironment } from './testEnvironment.ts'

const log = makeLog({ logLevel: 'error' })

/** A service whose Google and Microsoft are the sandbox's, asked over the wire. */
export interface OauthApp extends TestApp {
  google: Providers['google']
  microsoft: Providers['microsoft']
  /** Where they and their /control are. */
  providersUrl: string
  /** The browser of one more person, at an address of their own if one is given. */
  browser: (from?: string) => Browser
}

/** Starts both. Call `close` when done. */
export async function startOauthApp(
  overrides: NodeJS.ProcessEnv = {},
  options: { work?: boolean } = {},
): Promise<OauthApp> {
  const served = await serveProviders()
  const { fetch } = served.providers
  const t = await startTestApp({ ...providerSettings, ...overrides }, { ...options, fetch })
  return withProvidersAt(t, served)
}

/** The clients that the sandbox's Google and Microsoft know. */
export const providerSettings = {
  GOOGLE_CLIENT_ID,
  GOOGLE_CLIENT_SECRET,
  MICROSOFT_CLIENT_ID,
  MICROSOFT_CLIENT_SECRET,
}

/** A service that was started with the `fetch` of these providers, and browsers that find them. */
export function withProvidersAt<T extends TestApp>(t: T, served: ServedProviders): T & OauthApp {
  const { google, microsoft, addressOf } = served.providers
  return {
    ...t,
    google,
    microsoft,
    providersUrl: served.url,
    browser: (from = '127.0.0.1') =>
      new Browser({ serviceUrl: t.app.config.publicUrl, call: t.call, addressOf, from }),
    async close() {
      await t.close()
      await served.close()
    },
  }
}

/** The same for the test that is running. */
export async function startOauthAppWith(
  overrides: NodeJS.ProcessEnv = {},
  options?: { work?: boolean },
): Promise<OauthApp> {
  const started = await startOauthApp(overrides, options)
  onTestFinished(started.close)
  return started
}

/** The providers alone, behind a small server. */
export interface ServedProviders {
  providers: Providers
  url: string
  close: () => Promise<void>
}

/** Serves what Google and Microsoft answer, and their part of /control. */
export async function serveProviders(folder: string | null = null): Promise<ServedProviders> {
  const port = await freePort(0)
  const url = `http://localhost:${port}`
  const providers = createProviders({
    folder,
    publicUrl: url,
    serviceUrl: testEnvironment.PUBLIC_URL as string,
    log,
  })
  const server = makeServer(log)
  await server.register(providers.routes)
  const { google, microsoft } = providers
  await server.register(async (control) => oidcControlRoutes(control, google), { prefix: '/control/google' })
  await server.register(async (control) => oidcControlRoutes(control, microsoft), {
    prefix: '/control/microsoft',
  })
  await server.listen({ host: '127.0.0.1', port })
  return { providers, url, close: () => server.close() }
}
