import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { freePort } from '../sandbox/postgres/freePort.ts'
import { database, type Ended, frontgate, SECRET } from './support/commandLine.ts'
import { TEMPLATE } from './support/globalSetup.ts'

describe('what cannot work says why, in words and without a stack', () => {
  const others = { PUBLIC_URL: 'https://gate.example', SECRET }
  const expectFriendly = ({ code, stdout, stderr }: Ended, words: RegExp) => {
    expect(stderr).toMatch(words)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(stderr).not.toContain('hunter2')
  }

  test('nothing is set: every variable that is missing', async () => {
    for (const command of [['migrate'], ['serve'], ['keys', 'rotate']]) {
      expectFriendly(
        await frontgate(command),
        /3 faults:\n {2}- DATABASE_URL is not set.*\n {2}- PUBLIC_URL.*\n {2}- SECRET.*\ndocs\/configuration\.md/,
      )
    }
  })

  test('no database listens there', async () => {
    const env = { ...others, DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/x' }
    for (const command of [['migrate'], ['serve'], ['operator', 'token', 'ada@frontgate.example']]) {
      expectFriendly(await frontgate(command, env), /DATABASE_URL does not answer/)
    }
  })

  test('the host is not known', async () => {
    const DATABASE_URL = 'postgres://u:hunter2@no-such-host.invalid/x'
    expectFriendly(await frontgate(['migrate'], { ...others, DATABASE_URL }), /host in DATABASE_URL/)
  })

  test('there is no such database', async () => {
    const DATABASE_URL = Object.assign(new URL(inject('serverUrl')), { pathname: '/no_such_database' }).href
    expectFriendly(await frontgate(['migrate'], { ...others, DATABASE_URL }), /does not exist/)
  })

  test('the database was never prepared', async () => {
    const { env } = await database()
    for (const command of [
      ['catalogue', 'apply'],
      ['keys', 'rotate'],
      ['serve', '--no-migrate'],
    ]) {
      expectFriendly(await frontgate(command, env), /frontgate migrate/)
    }
  })

  test('there is no catalogue file', async () => {
    const { env } = await database()
    const ended = await frontgate(['migrate'], { ...env, CATALOGUE_FILE: 'nowhere.json' })
    expectFriendly(ended, /nowhere\.json cannot be read.*CATALOGUE_FILE/)
  })

  test('trials are of a plan that is none', async () => {
    const { env } = await database(TEMPLATE)
    const commands = [['serve'], ['import', 'users.jsonl']]
    const ended = commands.map((command) => frontgate(command, { ...env, TRIAL_PLAN: 'platinum' }))
    for (const one of await Promise.all(ended)) expectFriendly(one, /TRIAL_PLAN is platinum/)
  })

  test('a port is taken: which one, and what sets it', async () => {
    const { env } = await database(TEMPLATE)
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const taken = String((other.address() as AddressInfo).port)
    const host = { ...env, HOST: '127.0.0.1', LOG_LEVEL: 'silent' }
    const free = String(await freePort(0))
    for (const [name, ports] of [
      ['PORT', { PORT: taken, METRICS_PORT: free }],
      ['METRICS_PORT', { PORT: free, METRICS_PORT: taken }],
    ] as const) {
      const words = new RegExp(`^Another program listens on port ${taken}: set ${name} to another one`)
      expectFriendly(await frontgate(['serve'], { ...host, ...ports }), words)
    }
  })
})
