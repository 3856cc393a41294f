import { onTestFinished } from 'vitest'
import type { Access } from '../../src/access/access.ts'
import { type App, openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { Server } from '../../src/http/server.ts'
import { buildServer } from '../../src/server.ts'
import { callServer, type TestApp, type TestCall, type TestReply } from './testApp.ts'
import { testEnvironment } from './testEnvironment.ts'

export interface Replica {
  app: App
  access: Access
  fastify: Server['fastify']
  get: (url: string, as?: string) => Promise<TestReply>
  delete: (url: string, as: string) => Promise<TestReply>
  post: (url: string, body: object, how?: Omit<TestCall, 'body'>) => Promise<TestReply>
}

/** Another process of an installation, for the test that is running: same database, same clock, memory of its own. */
export async function startReplica(t: TestApp, overrides: NodeJS.ProcessEnv = {}): Promise<Replica> {
  const config = readConfig({ ...testEnvironment, DATABASE_URL: t.databaseUrl, ...overrides })
  const app = openApp(config, { now: t.app.now, log: t.app.log })
  const { server, access } = await buildServer(app)
  await server.fastify.ready()
  await app.changeTail.start()
  onTestFinished(async () => {
    await server.fastify.close()
    await app.close()
  })
  return {
    app,
    access,
    fastify: server.fastify,
    get: (url, as) => callServer(server, 'GET', url, as === undefined ? {} : { as }),
    delete: (url, as) => callServer(server, 'DELETE', url, { as }),
    post: (url, body, how = {}) => callServer(server, 'POST', url, { ...how, body }),
  }
}
