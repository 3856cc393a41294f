import { writeFile } from 'node:fs/promises'
import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import shipped from '../catalogue.json' with { type: 'json' }
import { database, frontgate } from './support/commandLine.ts'
import { TEMPLATE } from './support/globalSetup.ts'

describe('--help', () => {
  const commands: [string, RegExp][] = [
    ['', /serve.*work.*migrate.*catalogue.*keys.*operator.*product-keys.*openapi/s],
    ['serve', /answer requests.*--no-work.*--no-migrate/s],
    ['work', /run jobs.*--no-migrate/s],
    ['migrate', /bring the database to this version/],
    ['catalogue', /apply/],
    ['catalogue apply', /--dry-run/],
    ['grandfather', /--before <date>.*--plan <plan>.*--until <date>.*--reason <text>.*--dry-run/s],
    ['import', /<file>.*--dry-run.*--report <file>/s],
    ['keys', /rotate/],
    ['keys rotate', /--now/],
    ['operator', /add.*list.*role.*remove.*reset-factors.*token/s],
    ['operator add', /<email>.*--role <role>.*--reason <text>/s],
    ['operator role', /<email> <role>/],
    ['operator remove', /<email>/],
    ['operator token', /<email>/],
    ['user', /reset-factors/],
    ['user reset-factors', /<email>.*--reason <text>/s],
    ['product-keys', /create.*list.*revoke/s],
    ['product-keys create', /--name <name>.*--scope <scope...>.*entitlements:read.*--expires <date>/s],
    ['product-keys revoke', /<id>.*--reason <text>/s],
    ['openapi', /contract/],
  ]
  test.each(commands)('frontgate %s --help', async (command, words) => {
    const { code, stdout, stderr } = await frontgate([...command.split(' ').filter(Boolean), '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: frontgate/)
    expect(stdout).toMatch(words)
  })

  test('an unknown command, and an unknown option, are refused', async () => {
    expect(await frontgate(['launch'])).toMatchObject({ code: 1, stderr: expect.stringContaining('launch') })
    expect(await frontgate(['migrate', '--fast'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--fast'),
    })
  })
})

describe('migrate', () => {
  test('prepares an empty database, once; several at the same time do it together', async () => {
    const { env, count } = await database()
    const runs = await Promise.all([frontgate(['migrate'], env), frontgate(['migrate'], env)])
    expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(2).fill({ code: 0, stderr: '' }))
    expect(await count('plans')).toBe(4)
    expect(await count('signing_keys')).toBe(1)
    expect(await count('catalogue_versions')).toBe(1)
    const again = await frontgate(['migrate'], env)
    expect(again).toEqual({ code: 0, stdout: 'The database is up to date.\n', stderr: '' })
    expect(await count('signing_keys')).toBe(1)
  })
})

describe('catalogue apply', () => {
  const leftAlone = 'STRIPE_SECRET_KEY is not set: the prices at Stripe are left alone.\n'

  test('--dry-run shows the difference and changes nothing; without it, the same is done', async () => {
    const { env, client, count, catalogue } = await database(TEMPLATE)
    expect((await frontgate(['catalogue', 'apply'], env)).stdout).toBe(`${leftAlone}Nothing to change.\n`)
    const plans = shipped.plans.map((plan) =>
      plan.plan === 'free' ? { ...plan, display_name: 'Gratis' } : plan,
    )
    await writeFile(catalogue, JSON.stringify({ ...shipped, plans }))
    const name = async () =>
      (await client.query(`select display_name from plans where plan = 'free'`)).rows[0].display_name

    const tried = await frontgate(['catalogue', 'apply', '--dry-run'], env)
    expect(tried).toEqual({
      code: 0,
      stdout: `~ plan free: displayName "Free" → "Gratis"\n${leftAlone}1 difference; nothing was changed.\n`,
      stderr: '',
    })
    expect(await name()).toBe('Free')
    expect(await count('catalogue_versions')).toBe(1)

    const done = await frontgate(['catalogue', 'apply'], env)
    expect(done.stdout).toBe(
      `~ plan free: displayName "Free" → "Gratis"\n${leftAlone}1 difference applied.\n`,
    )
    expect(await name()).toBe('Gratis')
    expect(await count('catalogue_versions')).toBe(2)
  })

  test('a file with faults is refused, all of them named', async () => {
    const { env, catalogue } = await database(TEMPLATE)
    await writeFile(catalogue, JSON.stringify({ features: {}, plans: [{ plan: 'pro' }] }))
    const { code, stderr } = await frontgate(['catalogue', 'apply'], env)
    expect(code).toBe(1)
    expect(stderr).toMatch(/has faults:\n {2}- \/plans\/0/)
  })
})

describe('keys rotate', () => {
  test('adds a key that signs in ten minutes, or at once, and writes it in the trail', async () => {
    const { env, client, count } = await database(TEMPLATE)
    const later = await frontgate(['keys', 'rotate'], env)
    expect(later.stdout).toMatch(/^Key [0-9a-f-]{36} signs from \d{4}-.*Z\. Tokens of the old key stay valid/)
    expect((await frontgate(['keys', 'rotate', '--now'], env)).code).toBe(0)
    expect(await count('signing_keys')).toBe(3)
    const { rows } = await client.query(
      `select extract(epoch from signs_from - created_at)::int as ahead from signing_keys order by created_at`,
    )
    expect(rows).toEqual([{ ahead: 0 }, { ahead: 600 }, { ahead: 0 }])
    const { rows: trail } = await client.query(
      `select actor_kind from audit_log where action = 'keys.rotated'`,
    )
    expect(trail).toEqual([{ actor_kind: 'system' }, { actor_kind: 'system' }])
  })
})

// Each command is a process of its own.
describe('operator', { timeout: 180_000 }, () => {
  test('add, token, remove: each does what it says, once, and is in the trail', async () => {
    const { env, client } = await database(TEMPLATE)
    const added = await frontgate(['operator', 'add', 'Grace@Frontgate.example'], env)
    const id = /^Operator ([0-9a-f-]{36})\n$/.exec(added.stdout)?.[1]
    expect(id).toBeDefined()
    expect((await frontgate(['operator', 'add', 'grace@frontgate.example'], env)).stdout).toBe(
      `Operator ${id}\n`,
    )

    const printed = await frontgate(['operator', 'token', 'grace@frontgate.example'], env)
    const claims = decodeJwt(printed.stdout.trim())
    expect(claims).toMatchObject({
      sub: id,
      iss: 'https://gate.example',
      aud: 'https://gate.example/operator',
    })
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(600)

    const remove = () => frontgate(['operator', 'remove', 'grace@frontgate.example'], env)
    expect(await remove()).toMatchObject({ code: 1, stderr: expect.stringContaining('last-admin') })
    await frontgate(['operator', 'add', 'ada@frontgate.example'], env)
    expect((await remove()).stdout).toBe('Removed.\n')
    for (const command of ['remove', 'token']) {
      const ended = await frontgate(['operator', command, 'grace@frontgate.example'], env)
      expect(ended).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('no such operator'),
      })
    }
    const { rows } = await client.query(
      `select action, details->>'reason' as reason from audit_log where details->>'operator' = $1 order by id`,
      [id],
    )
    const actions = ['operator.added', 'operator.token-printed', 'operator.removed']
    expect(rows).toEqual(actions.map((action) => ({ action, reason: 'On the command line' })))
  })

  test('role, list, reset-factors: the same for what they may and how they sign in', async () => {
    const { env, client } = await database(TEMPLATE)
    const [grace, ada] = ['grace@frontgate.example', 'ada@frontgate.example']
    await frontgate(['operator', 'add', grace], env)
    await frontgate(['operator', 'add', ada, '--role', 'read'], env)
    const why = ['--reason', 'Takes over']
    const changed = await frontgate(['operator', 'role', ada, 'support', ...why], env)
    expect(changed.stdout).toBe(`${ada} has the role support.\n`)
    expect((await frontgate(['operator', 'list'], env)).stdout).toMatch(
      /^grace@frontgate.example {2}admin .*\nada@frontgate.example {2}support .*no second factor\n$/,
    )
    expect((await frontgate(['operator', 'reset-factors', ada], env)).stdout).toMatch(/^Reset/)
    const { rows } = await client.query(
      `select details->>'reason' as reason from audit_log where action = 'operator.role-changed'`,
    )
    expect(rows).toEqual([{ reason: 'Takes over' }])
  })

  test('what is no address is refused before anything is opened', async () => {
    const { code, stderr } = await frontgate(['operator', 'add', 'grace'])
    expect(code).toBe(1)
    expect(stderr).toContain('That is not an e-mail address.')
  })
})

describe('product-keys', () => {
  const create = ['product-keys', 'create', '--name', 'The product', '--scope']

  test('create, list, revoke: the key stands alone on standard output, once', async () => {
    const { env, client } = await database(TEMPLATE)
    const options = ['entitlements:read', 'usage:write', '--expires', '2100-01-01']
    const created = await frontgate([...create, ...options], env)
    expect(created.stdout).toMatch(/^fg_[\w-]{43}\n$/)
    const [, id = ''] =
      /^Product key ([0-9a-f-]{36}) \(entitlements:read, usage:write\):\n$/.exec(created.stderr) ?? []
    const key = created.stdout.trim()

    const list = () => frontgate(['product-keys', 'list'], env)
    const listed = await list()
    expect(listed.stdout).toBe(
      `${id}  …${key.slice(-4)}  The product  entitlements:read usage:write  expires 2100-01-01T00:00:00.000Z  never used\n`,
    )

    for (let i = 0; i < 2; i++) {
      const revoked = await frontgate(['product-keys', 'revoke', id, '--reason', 'It leaked'], env)
      expect(revoked).toEqual({ code: 0, stdout: 'Revoked.\n', stderr: '' })
    }
    expect((await list()).stdout).toMatch(/ {2}revoked \d{4}-/)
    const { rows } = await client.query(
      `select action, actor_kind, details->>'product_key' as key, details->>'reason' as reason
       from audit_log order by id`,
    )
    expect(rows).toEqual([
      { action: 'product-key.created', actor_kind: 'system', key: id, reason: null },
      { action: 'product-key.revoked', actor_kind: 'system', key: id, reason: 'It leaked' },
    ])
  })

  test('what cannot be is refused in words, and nothing is made', async () => {
    const { env, count } = await database(TEMPLATE)
    const faults: [string[], RegExp][] = [
      [[...create, 'everything'], /Allowed choices are entitlements:read, usage:write/],
      [['product-keys', 'create', '--name', ' ', '--scope', 'usage:write'], /Give a name/],
      [[...create, 'usage:write', '--expires', '2020-01-01'], /--expires names a time that has gone/],
      [['product-keys', 'revoke', 'fg_x'], /That is not an id/],
      [['product-keys', 'revoke', '01900000-0000-7000-8000-000000000000'], /no such product key/],
    ]
    await Promise.all(
      faults.map(async ([command, words]) => {
        const { code, stdout, stderr } = await frontgate(command, env)
        expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: '' })
        expect(stderr).toMatch(words)
      }),
    )
    expect(await count('product_keys')).toBe(0)
    expect((await frontgate(['product-keys', 'list'], env)).stdout).toMatch(/^There are none/)
  })
})
