import { onTestFinished } from 'vitest'
import { openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { buildServer } from '../../src/server.ts'
import type { TestApp } from './testApp.ts'
import { testEnvironment } from './testEnvironment.ts'

export interface Replica {
  post: (
    url: string,
    body: object,
    options?: { headers?: Record<string, string>; from?: string },
    // biome-ignore lint/suspicious/noExplicitAny: the shape of each reply is what the tests assert
  ) => Promise<{ status: number; body: any }>
}

/** Another process of a service for the test that is running: same database, same clock, memory of its own. */
export async function startReplica(t: TestApp, overrides: NodeJS.ProcessEnv = {}): Promise<Replica> {
  const config = readConfig({ ...testEnvironment, DATABASE_URL: t.databaseUrl, ...overrides })
  const app = openApp(config, { now: t.app.now, log: t.app.log })
  const { fastify } = (await buildServer(app)).server
  onTestFinished(async () => {
    await fastify.close()
    await app.close()
  })
  return {
    async post(url, payload, { headers = {}, from = '127.0.0.1' } = {}) {
      const reply = await fastify.inject({ method: 'POST', url, payload, remoteAddress: from, headers })
      return { status: reply.statusCode, body: reply.body ? reply.json() : null }
    },
  }
}
