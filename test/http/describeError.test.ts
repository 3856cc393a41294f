import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeError } from '../../src/http/log.ts'
import { openScratchDatabase, type ScratchDatabase } from '../db/scratchDatabase.ts'

let database: ScratchDatabase
beforeAll(async () => {
  database = await openScratchDatabase()
  await sql`create table people (
    email text unique check (length(email) > 3), age int not null, name varchar(10))`.execute(database.db)
  await sql`insert into people values ('ada@customer.example', 36)`.execute(database.db)
})
afterAll(() => database.remove())

const text = (error: unknown) => JSON.stringify(describeError(error))

describe('an error of PostgreSQL', () => {
  test.for([
    ['a duplicate', sql`insert into people values (${'ada@customer.example'}, 1)`],
    ['a failed check', sql`insert into people values (${'ada'}, 1)`],
    ['a missing value', sql`insert into people values (${'ada@customer.example'}, null)`],
    ['a wrong number', sql`select ${'ada@customer.example secret'}::text::int`],
    ['a wrong id', sql`select ${'ada-secret'}::text::uuid`],
    ['a wrong time', sql`select ${'ada-secret'}::text::timestamptz`],
    ['wrong JSON', sql`select ${'{"ada":secret'}::text::json`],
    ['too long a text', sql`insert into people values (${'ada2@customer.example'}, 1, ${'ada-is-a-secret'})`],
  ] as const)('is logged without the values it is about (%s)', async ([, statement], { expect }) => {
    const error = await statement.execute(database.db).catch((cause: unknown) => cause)
    const said = text(error)
    expect(said).toContain('"code":"2')
    expect(said).not.toMatch(/ada|secret/)
    const [first = ''] = String((describeError(error) as { stack: string }).stack).split('\n')
    expect(first).not.toMatch(/ada|secret/)
  })

  test('names the constraint that refused', async () => {
    const statement = sql`insert into people values (${'ada@customer.example'}, 1)`
    const error = await statement.execute(database.db).catch((cause: unknown) => cause)
    expect(describeError(error)).toMatchObject({
      code: '23505',
      constraint: 'people_email_key',
      table: 'people',
    })
  })
})

describe('any error', () => {
  test('is logged without addresses, also odd ones, wherever they stand', () => {
    const addresses = [
      'ada@customer.example',
      "o'lovelace+x@customer.example",
      'a/b@customer.example',
      '"a"@x.example',
    ]
    for (const address of addresses) {
      const error = new Error(`550 <${address}>: unknown`, { cause: new Error(`to ${address}`) })
      expect(text(error)).not.toMatch(/customer\.example/)
    }
    expect(text('thrown as text: ada@customer.example')).not.toContain('customer.example')
  })

  test('is logged without passwords of URLs', () => {
    for (const url of [
      'smtp://user:pa55@mail.example:25',
      'redis://:pa55@10.0.0.1/0',
      'postgres://u:pa55/x@h/db',
    ])
      expect(text(new Error(`cannot reach ${url}`))).not.toContain('pa55')
  })

  test('keeps its stack, with the paths of packages', () => {
    const error = new Error('broken')
    error.stack = 'Error: broken\n    at x (file:///srv/node_modules/@fastify/cookie/plugin.js:10:3)'
    expect(text(error)).toContain('/node_modules/@fastify/cookie/plugin.js:10:3')
  })

  test('is described with its causes and parts, however many and however entangled', () => {
    const inner = new Error('inner')
    const outer = new Error('outer', { cause: new AggregateError([inner, 'text'], 'several') })
    inner.cause = outer
    const said = text(outer)
    for (const message of ['outer', 'several', 'inner', 'text']) expect(said).toContain(message)
  })

  test('may be anything that can be thrown', () => {
    for (const thrown of [null, undefined, 0, {}, Symbol('x')]) expect(() => text(thrown)).not.toThrow()
  })
})
