import { onTestFinished } from 'vitest'
import type { Access } from '../../src/access/access.ts'
import { type App, openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { buildServer } from '../../src/server.ts'
import type { TestApp } from './testApp.ts'
import { testEnvironment } from './testEnvironment.ts'

export interface SecondApp {
  app: App
  access: Access
  // biome-ignore lint/suspicious/noExplicitAny: the shape of each reply is what the tests assert
  get: (url: string, accessToken?: string) => Promise<{ status: number; body: any }>
  // biome-ignore lint/suspicious/noExplicitAny: the same
  post: (url: string, body: object, accessToken: string) => Promise<{ status: number; body: any }>
}

/** Another process of the same installation, for the test that is running: it shares database and clock, and no memory. */
export async function startSecondApp(t: TestApp, overrides: NodeJS.ProcessEnv = {}): Promise<SecondApp> {
  const config = readConfig({ ...testEnvironment, DATABASE_URL: t.databaseUrl, ...overrides })
  const app = openApp(config, { now: t.app.now, log: t.app.log })
  const { server, access } = await buildServer(app)
  onTestFinished(async () => {
    await server.fastify.close()
    await app.close()
  })
  return {
    app,
    access,
    async post(url, payload, accessToken) {
      const headers = { authorization: `Bearer ${accessToken}` }
      const reply = await server.fastify.inject({ method: 'POST', url, headers, payload })
      return { status: reply.statusCode, body: reply.body ? reply.json() : null }
    },
    async get(url, accessToken) {
      const headers = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }
      const reply = await server.fastify.inject({ url, headers })
      return { status: reply.statusCode, body: reply.body ? reply.json() : null }
    },
  }
}
