import { randomUUID } from 'node:crypto'
import { createGate } from '@frontgate/client/guards'
import { createTestKit, type Overrides, type State, type TestKit } from '@frontgate/client/testing'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, inject } from 'vitest'
import { migrate, openPool } from './database.ts'
import { makeServer } from './server.ts'

/** The product as it runs, on a database of its own, with accounts in any state and no Frontgate beside it. */
export interface TestProduct {
  kit: TestKit
  server: FastifyInstance
  call: Call
  /** Calls as one person, whose account is then in this state. */
  as: (state: State, overrides?: Overrides) => Promise<Call>
}

type Call = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: object,
  // biome-ignore lint/suspicious/noExplicitAny: replies are looked into freely by tests
) => Promise<{ status: number; body: any; type: string }>

/** One product for the tests of a file. */
export function startTestProduct(): TestProduct {
  const name = `runbooks_${randomUUID().replaceAll('-', '')}`
  const product = {} as TestProduct
  const ended: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    await onServer(`create database ${name}`)
    const pool = openPool(Object.assign(new URL(inject('serverUrl')), { pathname: `/${name}` }).href)
    await Promise.all([migrate(pool), migrate(pool)])
    const kit = await createTestKit()
    const gate = createGate(kit.gateOptions)
    const server = makeServer({ pool, gate })
    ended.push(
      () => server.close(),
      async () => gate.close(),
      () => pool.end(),
      () => onServer(`drop database if exists ${name}`),
    )
    const callWith =
      (headers: Record<string, string>): Call =>
      async (method, url, body) => {
        const reply = await server.inject({ method, url, headers, ...(body && { payload: body }) })
        const type = String(reply.headers['content-type'] ?? '')
        return { status: reply.statusCode, body: reply.body === '' ? null : reply.json(), type }
      }
    const as: TestProduct['as'] = async (state, overrides) => callWith(await kit.headers(state, overrides))
    Object.assign(product, { kit, server, as, call: callWith({}) })
  })
  afterAll(async () => {
    for (const end of ended) await end()
  })
  return product
}

/** On the PostgreSQL that the tests are given. */
async function onServer(statement: string): Promise<void> {
  const pool = openPool(inject('serverUrl'))
  await pool.query(statement).finally(() => pool.end())
}

/** A tree that is whole. */
export const printer = {
  name: 'The printer does not print',
  nodes: [
    {
      id: 'light',
      kind: 'question',
      text: 'Is the light on?',
      answers: [
        { text: 'Yes', to: 'paper' },
        { text: 'No', to: 'plug' },
      ],
    },
    { id: 'paper', kind: 'outcome', text: 'Put paper into the tray.' },
    { id: 'plug', kind: 'outcome', text: 'Plug in the power cable.' },
  ],
}

export const article = '1. Restart the printer.\n2. If the queue shows an error, empty it.'
