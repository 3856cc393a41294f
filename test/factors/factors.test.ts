import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TOTP, Secret as TotpSecret } from 'otpauth'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/config.ts'
import { inTx } from '../../src/db/transaction.ts'
import { factorsOf, methodsOf } from '../../src/factors/factorsOf.ts'
import type { Proof } from '../../src/factors/fields.ts'
import type { Holder } from '../../src/factors/holder.ts'
import { addPasskey } from '../../src/factors/passkeys/addPasskey.ts'
import { askForPasskey } from '../../src/factors/passkeys/askForPasskey.ts'
import { offerPasskey } from '../../src/factors/passkeys/offerPasskey.ts'
import { proveFactor } from '../../src/factors/proveFactor.ts'
import { replaceRecoveryCodes } from '../../src/factors/recoveryCodes/replaceRecoveryCodes.ts'
import { removeFactors } from '../../src/factors/removeFactors.ts'
import { confirmTotp } from '../../src/factors/totp/confirmTotp.ts'
import { offerTotp } from '../../src/factors/totp/offerTotp.ts'
import { resealTotpSecrets } from '../../src/factors/totp/resealSecrets.ts'
import { Authenticator } from '../support/authenticator.ts'
import { androidCertificates } from '../support/certificates.ts'
import { register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

const STEP_SECONDS = 30
const AT_ONCE = 20
let t: TestApp

beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

async function newHolder(): Promise<Holder> {
  const { userId } = await register(t)
  return { kind: 'user', id: userId }
}

const prove = (holder: Holder, proof: Proof) =>
  inTx(t.app, (tx) => proveFactor(tx, t.app, holder, proof, t.app.now()))

const codeOf = (secret: string, secondsOff = 0) =>
  new TOTP({ secret: TotpSecret.fromBase32(secret) }).generate({
    timestamp: t.app.now().getTime() + secondsOff * 1000,
  })

/** An authenticator app that is in force, and whose confirming code is a step old. */
async function withTotp(holder: Holder): Promise<string> {
  const { secret } = await inTx(t.app, (tx) =>
    offerTotp(tx, t.app, holder, 'ada@company.example', t.app.now()),
  )
  const code = codeOf(secret)
  expect(await inTx(t.app, (tx) => confirmTotp(tx, t.app, holder, code, t.app.now()))).toBe(true)
  t.moveClock(STEP_SECONDS)
  return secret
}

async function withPasskey(holder: Holder): Promise<Authenticator> {
  const key = new Authenticator('http://localhost:4000')
  const names = { label: 'ada@company.example', displayName: 'Ada' }
  const options = await inTx(t.app, (tx) => offerPasskey(tx, t.app, holder, names, t.app.now()))
  const added = await inTx(t.app, (tx) =>
    addPasskey(tx, t.app, holder, { name: 'Key', response: key.create(options) }, t.app.now()),
  )
  expect(added).not.toBeNull()
  return key
}

async function ask(holder: Holder) {
  const options = await inTx(t.app, (tx) => askForPasskey(tx, t.app, holder, t.app.now()))
  if (!options) throw new Error('There is no passkey to ask')
  return options
}

describe('an authenticator app', () => {
  test('is in force once a code has been shown', async () => {
    const holder = await newHolder()
    const offer = await inTx(t.app, (tx) => offerTotp(tx, t.app, holder, 'ada@company.example', t.app.now()))
    expect(offer.uri).toMatch(/^otpauth:\/\/totp\/.*secret=/)
    expect(methodsOf(await factorsOf(t.app.db, holder))).toEqual([])
    expect(await prove(holder, { code: codeOf(offer.secret) })).toBeNull()
    expect(await inTx(t.app, (tx) => confirmTotp(tx, t.app, holder, '000000', t.app.now()))).toBe(false)
    await inTx(t.app, (tx) => confirmTotp(tx, t.app, holder, codeOf(offer.secret), t.app.now()))
    expect(methodsOf(await factorsOf(t.app.db, holder))).toEqual(['totp'])
  })

  test('the code that confirmed it opens nothing more, the next one does, once', async () => {
    const holder = await newHolder()
    const secret = await withTotp(holder)
    expect(await prove(holder, { code: codeOf(secret, -STEP_SECONDS) })).toBeNull()
    expect(await prove(holder, { code: codeOf(secret) })).toBe('totp')
    expect(await prove(holder, { code: codeOf(secret) })).toBeNull()
  })

  test('a clock may be off by a step, not by two', async () => {
    const holder = await newHolder()
    const secret = await withTotp(holder)
    expect(await prove(holder, { code: codeOf(secret, 2 * STEP_SECONDS) })).toBeNull()
    expect(await prove(holder, { code: codeOf(secret, STEP_SECONDS) })).toBe('totp')
    expect(await prove(holder, { code: codeOf(secret) })).toBeNull()
  })

  test('of one code posted many times at once, one is taken', async () => {
    const holder = await newHolder()
    const code = codeOf(await withTotp(holder))
    const verdicts = await Promise.all(Array.from({ length: AT_ONCE }, () => prove(holder, { code })))
    expect(verdicts.filter((method) => method === 'totp')).toHaveLength(1)
  })

  test('an offer leaves the one in force as it is, until it is confirmed', async () => {
    const holder = await newHolder()
    const old = await withTotp(holder)
    const offer = await inTx(t.app, (tx) => offerTotp(tx, t.app, holder, 'ada@company.example', t.app.now()))
    expect(await prove(holder, { code: codeOf(old) })).toBe('totp')
    await inTx(t.app, (tx) => confirmTotp(tx, t.app, holder, codeOf(offer.secret), t.app.now()))
    t.moveClock(STEP_SECONDS)
    expect(await prove(holder, { code: codeOf(old) })).toBeNull()
    expect(await prove(holder, { code: codeOf(offer.secret) })).toBe('totp')
  })

  test('an offer is over after an hour', async () => {
    const holder = await newHolder()
    const { secret } = await inTx(t.app, (tx) => offerTotp(tx, t.app, holder, 'ada', t.app.now()))
    t.moveClock(3600)
    expect(await inTx(t.app, (tx) => confirmTotp(tx, t.app, holder, codeOf(secret), t.app.now()))).toBe(false)
  })

  test('what it shares with us cannot be read in the database', async () => {
    const holder = await newHolder()
    const secret = await withTotp(holder)
    const row = await t.app.db
      .selectFrom('factor_totp')
      .select('sealed_secret')
      .where('user_id', '=', holder.id)
      .executeTakeFirstOrThrow()
    expect(row.sealed_secret.includes(Buffer.from(TotpSecret.fromBase32(secret).bytes))).toBe(false)
  })

  test('sealed anew, the secrets of authenticator apps open without the older secret', async () => {
    const holder = await newHolder()
    const code = codeOf(await withTotp(holder))
    const { config } = t.app
    const withSecrets = (...secrets: [Secret, ...Secret[]]) => ({ ...t.app, config: { ...config, secrets } })
    const newer = new Secret('a newer secret, of more than thirty-two letters')
    await resealTotpSecrets(withSecrets(newer, ...config.secrets))
    const proved = inTx(t.app, (tx) => proveFactor(tx, withSecrets(newer), holder, { code }, t.app.now()))
    expect(await proved).toBe('totp')
  })
})

describe('recovery codes', () => {
  const make = (holder: Holder) => inTx(t.app, (tx) => replaceRecoveryCodes(tx, holder, t.app.now()))

  test('ten of them, each good once, also when it is posted many times at once', async () => {
    const holder = await newHolder()
    const codes = await make(holder)
    expect(new Set(codes).size).toBe(10)
    const [recovery_code = ''] = codes
    const verdicts = await Promise.all(
      Array.from({ length: AT_ONCE }, () => prove(holder, { recovery_code })),
    )
    expect(verdicts.filter((method) => method === 'recovery-code')).toHaveLength(1)
    expect((await factorsOf(t.app.db, holder)).recoveryCodesLeft).toBe(9)
  })

  test('new ones void those before, and nobody else’s are good', async () => {
    const [holder, other] = [await newHolder(), await newHolder()]
    const [old = ''] = await make(holder)
    const [recovery_code = ''] = await make(holder)
    expect(await prove(holder, { recovery_code: old })).toBeNull()
    expect(await prove(other, { recovery_code })).toBeNull()
    expect(await prove(holder, { recovery_code: recovery_code.toUpperCase() })).toBe('recovery-code')
  })
})

describe('a passkey', () => {
  test('answers what it is asked, once', async () => {
    const holder = await newHolder()
    const key = await withPasskey(holder)
    const passkey = key.get(await ask(holder))
    const verdicts = await Promise.all(Array.from({ length: AT_ONCE }, () => prove(holder, { passkey })))
    expect(verdicts.filter((method) => method === 'passkey')).toHaveLength(1)
    expect((await factorsOf(t.app.db, holder)).passkeys).toMatchObject([
      { name: 'Key', lastUsedAt: t.app.now() },
    ])
  })

  test('of another holder, another page, or too late, opens nothing', async () => {
    const [holder, other] = [await newHolder(), await newHolder()]
    const [key, others] = [await withPasskey(holder), await withPasskey(other)]
    expect(await prove(holder, { passkey: others.get(await ask(holder)) })).toBeNull()
    expect(await prove(other, { passkey: others.get(await ask(holder)) })).toBeNull()
    const options = await ask(holder)
    const wrongPlace = new Authenticator('https://elsewhere.example')
    expect(
      await prove(holder, { passkey: { ...wrongPlace.get(options), id: key.get(options).id } }),
    ).toBeNull()
    const late = key.get(await ask(holder))
    t.moveClock(600)
    expect(await prove(holder, { passkey: late })).toBeNull()
    expect(await prove(holder, { passkey: key.get(await ask(holder)) })).toBe('passkey')
  })

  test('whose counter goes back was copied', async () => {
    const holder = await newHolder()
    const key = await withPasskey(holder)
    key.counter = 7
    expect(await prove(holder, { passkey: key.get(await ask(holder)) })).toBe('passkey')
    key.counter = 3
    expect(await prove(holder, { passkey: key.get(await ask(holder)) })).toBeNull()
  })

  test('is added once, and only from what was offered', async () => {
    const holder = await newHolder()
    const key = new Authenticator('http://localhost:4000')
    const names = { label: 'ada@company.example', displayName: 'Ada' }
    const options = await inTx(t.app, (tx) => offerPasskey(tx, t.app, holder, names, t.app.now()))
    const add = (challenge: string) =>
      inTx(t.app, (tx) =>
        addPasskey(
          tx,
          t.app,
          holder,
          { name: 'Key', response: key.create({ ...options, challenge }) },
          t.app.now(),
        ),
      )
    expect(await add('AAAA')).toBeNull()
    const added = await Promise.all(Array.from({ length: AT_ONCE }, () => add(options.challenge)))
    expect(added.filter((passkey) => passkey !== null)).toHaveLength(1)
  })

  test('nobody has more than twenty passkeys, also where another was offered before', async () => {
    const holder = await newHolder()
    const names = { label: 'ada@company.example', displayName: 'Ada' }
    const offer = () => inTx(t.app, (tx) => offerPasskey(tx, t.app, holder, names, t.app.now()))
    const add = async (options: Awaited<ReturnType<typeof offer>>) => {
      const response = new Authenticator('http://localhost:4000').create(options)
      return inTx(t.app, (tx) => addPasskey(tx, t.app, holder, { name: 'Key', response }, t.app.now()))
    }
    const late = await offer()
    for (let i = 0; i < 20; i++) await add(await offer())
    await expect(offer()).rejects.toThrow('too many')
    await expect(add(late)).rejects.toThrow('too many')
    expect((await factorsOf(t.app.db, holder)).passkeys).toHaveLength(20)
  })

  test('of how a passkey is reached, only what browsers know is kept', async () => {
    const holder = await newHolder()
    const names = { label: 'ada@company.example', displayName: 'Ada' }
    const options = await inTx(t.app, (tx) => offerPasskey(tx, t.app, holder, names, t.app.now()))
    const { response: answer, ...made } = new Authenticator('http://localhost:4000').create(options)
    const transports = ['usb', 'x'.repeat(5000)] as NonNullable<typeof answer.transports>
    const response = { ...made, response: { ...answer, transports } }
    await inTx(t.app, (tx) => addPasskey(tx, t.app, holder, { name: 'Key', response }, t.app.now()))
    expect((await ask(holder)).allowCredentials?.map((key) => key.transports)).toEqual([['usb']])
  })
})

describe('who made a passkey', () => {
  const add = async (holder: Holder, vouches: Parameters<Authenticator['create']>[1]) => {
    const key = new Authenticator('http://localhost:4000')
    const names = { label: 'ada@company.example', displayName: 'Ada' }
    const options = await inTx(t.app, (tx) => offerPasskey(tx, t.app, holder, names, t.app.now()))
    const response = key.create(options, vouches)
    return inTx(t.app, (tx) => addPasskey(tx, t.app, holder, { name: 'Key', response }, t.app.now()))
  }

  test('is not asked of servers that its certificates name', async () => {
    const asked: unknown[] = []
    const server = createServer((request, response) => {
      asked.push(request.url)
      response.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const revokedAt = `http://127.0.0.1:${(server.address() as AddressInfo).port}/revoked`
    const root = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const added = await add(await newHolder(), ({ publicKey, clientDataHash }) =>
      androidCertificates({ publicKey, root }, { clientDataHash, revokedAt }),
    )
    server.close()
    expect(asked).toEqual([])
    expect(added).toBeNull()
  })

  test('does not matter: a key may vouch for itself', async () => {
    expect(await add(await newHolder(), 'itself')).not.toBeNull()
  })
})

test('nothing is left of a holder whose factors are removed', async () => {
  const holder = await newHolder()
  await withTotp(holder)
  const key = await withPasskey(holder)
  await inTx(t.app, (tx) => replaceRecoveryCodes(tx, holder, t.app.now()))
  const passkey = key.get(await ask(holder))
  await inTx(t.app, (tx) => removeFactors(tx, holder))
  expect(methodsOf(await factorsOf(t.app.db, holder))).toEqual([])
  expect(await prove(holder, { passkey })).toBeNull()
})
