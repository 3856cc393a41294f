import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Role } from '../guards/caller.ts'
import type { GateOptions } from '../guards/gate.ts'
import { claimsOf, spansOf, type TestAccount, type TestPerson } from './accounts.ts'
import { answersFrom, type Kept, PRODUCT_KEY } from './answers.ts'
import { type Catalogue, defaultCatalogue, planNamed, refuseUnknown } from './catalogue.ts'
import { type State, stories } from './states.ts'
import { periodOf } from './usage.ts'

export type { Catalogue, CataloguePlan } from './catalogue.ts'
export type { State } from './states.ts'

const TOKEN_SECONDS = 600
const DAY_MS = 86_400_000

export interface TestKitOptions {
  /** The product's own, as `frontgate catalogue apply` takes it. Default: the one that Frontgate comes with. */
  catalogue?: Catalogue
  /** Where Frontgate would be. Default: `https://frontgate.test`. */
  url?: string
}

/** What is to be different from the state as it is. */
export interface Overrides {
  /** Default: `owner`. */
  role?: Role
  /** UUIDs; default: new ones. An account that was named before changes into the state, and keeps what it has used. */
  userId?: string
  accountId?: string
  /** Of the grant, where the state has one. Default: `pro`. */
  plan?: string
  /** Switched on or off for the account alone. */
  features?: Record<string, boolean>
  /** Set for the account alone; null is unlimited. */
  limits?: Record<string, number | null>
  /** What has been used in the current period. */
  usage?: Record<string, number>
}

export interface TestKit {
  /** For `createGate`: its guards then verify and decide as they do in production, and ask this kit. */
  gateOptions: Required<Pick<GateOptions, 'url' | 'audience' | 'productKey' | 'fetch' | 'now'>>
  /** An access token, good for ten minutes, of a new user in an account that is in this state. */
  token: (state: State, overrides?: Overrides) => Promise<string>
  /** The same as the header of a request. */
  headers: (state: State, overrides?: Overrides) => Promise<{ authorization: string }>
  /** Lets time pass for the gate and for the kit: trials end, tokens expire. */
  advance: (seconds: number) => void
}

/**
 * Signed tokens and accounts in any state for a product's tests, without a running service and under any test runner. The
 * gate is the very one of production; only its `fetch` is answered from memory. Importable from
 * `@frontgate/client/testing`.
 *
 * @example
 * const kit = await createTestKit()
 * const app = buildApp({ gate: createGate(kit.gateOptions) })
 * test('scripts are for pro', async () => {
 *   const ask = async (state) => app.inject({ url: '/scripts', headers: await kit.headers(state) })
 *   assert.equal((await ask('trialing')).statusCode, 200)
 *   assert.equal((await ask('trialExpired')).statusCode, 402)
 * })
 */
export async function createTestKit(options: TestKitOptions = {}): Promise<TestKit> {
  const { catalogue = defaultCatalogue, url = 'https://frontgate.test' } = options
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  const kid = crypto.randomUUID()
  let ahead = 0
  const now = () => Date.now() + ahead
  const kept: Kept = {
    url,
    upgradeUrl: `${url}/billing`,
    jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' },
    catalogue,
    now,
    people: new Map(),
    accounts: new Map(),
    followers: new Set(),
  }

  async function token(state: State, overrides: Overrides = {}): Promise<string> {
    const person = bring(kept, state, overrides)
    const iat = Math.floor(now() / 1000)
    const exp = iat + TOKEN_SECONDS
    const signed = await new SignJWT({ ...claimsOf(person, catalogue, now()), iss: url, aud: url, iat, exp })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid })
      .sign(privateKey)
    kept.people.set(signed, { person, exp })
    return signed
  }

  return {
    gateOptions: { url, audience: url, productKey: PRODUCT_KEY, fetch: answersFrom(kept), now },
    token,
    headers: async (state, overrides) => ({ authorization: `Bearer ${await token(state, overrides)}` }),
    advance(seconds) {
      ahead += seconds * 1000
      for (const tell of kept.followers) tell('mark', { at: new Date(now()).toISOString() })
    },
  }
}

/** Somebody in an account that is in a state. */
function bring(kept: Kept, state: State, overrides: Overrides): TestPerson {
  refuseUnknown('state', [state], Object.keys(stories))
  const story = stories[state]
  const at = kept.now()
  const described = accountOf(kept, state, overrides, at)
  const { accounts, followers } = kept
  // Tokens that were made for it before speak of the same account.
  const account = Object.assign(accounts.get(described.id) ?? {}, described)
  accounts.set(account.id, account)
  const data = { subjects: [`account:${account.id}`], at: new Date(at).toISOString() }
  for (const tell of followers) tell('changes', data)
  const { graceEndedDaysAgo } = story
  return {
    userId: overrides.userId ?? crypto.randomUUID(),
    sessionId: crypto.randomUUID(),
    role: overrides.role ?? 'owner',
    graceEndsAt: graceEndedDaysAgo === null ? null : at - graceEndedDaysAgo * DAY_MS,
    account,
  }
}

function accountOf(kept: Kept, state: State, overrides: Overrides, at: number): TestAccount {
  const { catalogue, accounts } = kept
  const { plan = 'pro', features = {}, limits = {}, usage = {} } = overrides
  const story = stories[state]
  if (overrides.plan !== undefined && !story.grant) {
    throw new Error(`An account in the state ${state} has no plan but free: choose another state.`)
  }
  planNamed(catalogue, plan)
  refuseUnknown('feature', Object.keys(features), Object.keys(catalogue.features))
  const id = overrides.accountId ?? crypto.randomUUID()
  const known = accounts.get(id)
  const account: TestAccount = {
    id,
    story,
    plan,
    since: at,
    own: { features, limits },
    used: known?.used ?? new Map(),
    orders: known?.orders ?? new Map(),
  }
  const [{ limits: named }] = spansOf(account, catalogue, at)
  refuseUnknown('limit', [...Object.keys(limits), ...Object.keys(usage)], Object.keys(named))
  for (const [name, used] of Object.entries(usage)) {
    account.used.set(periodOf(name, named[name]?.per ?? null, at), used)
  }
  return account
}
