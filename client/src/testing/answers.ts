import type { JWK } from 'jose'
import { type ProblemBody, refuse, refusedToken } from '../guards/problems.ts'
import { instant, spansOf, type TestAccount, type TestPerson } from './accounts.ts'
import { type Catalogue, hasFeature } from './catalogue.ts'
import { check, consume, type Order, release } from './usage.ts'

/** The key that stands for a product's. */
export const PRODUCT_KEY = 'the-key-of-the-test-kit'

/** All that the kit answers from. */
export interface Kept {
  url: string
  upgradeUrl: string
  jwk: JWK
  catalogue: Catalogue
  now: () => number
  /** By the token that was made for them. */
  people: Map<string, { person: TestPerson; exp: number }>
  accounts: Map<string, TestAccount>
  /** Those that follow the changes. */
  followers: Set<(event: string, data: object) => void>
}

const MARK_EVERY_MS = 1_000
const SESSION_MS = 90 * 86_400_000

/** Answers what guards ask of Frontgate, in its own words, from memory. */
export function answersFrom(kept: Kept): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const { pathname, searchParams } = new URL(request.url)
    const { catalogue, upgradeUrl } = kept
    switch (`${request.method} ${pathname}`) {
      case 'GET /.well-known/jwks.json':
        return Response.json({ keys: [kept.jwk] }, { headers: { 'cache-control': 'public, max-age=300' } })
      case 'GET /v1/plans':
        return Response.json({ data: describePlans(catalogue), next_cursor: null })
      case 'GET /v1/config':
        return Response.json({ upgrade_url: upgradeUrl })
      case 'GET /v1/changes':
        return follow(kept, request.signal)
      case 'GET /v1/access-state':
        return describeState(kept, request)
      case 'GET /v1/forward-auth': {
        const plan = searchParams.get('require')?.replace('plan:', '')
        const isKnown = catalogue.plans.some((known) => known.plan === plan)
        return answer(refuse(isKnown ? 'subscription-required' : 'invalid-request').problem)
      }
      case 'POST /v1/entitlements/check':
        return count(kept, request, check)
      case 'POST /v1/usage/consume':
        return count(kept, request, consume)
      case 'POST /v1/usage/release':
        return count(kept, request, release)
      default:
        throw new TypeError(`The test kit answers what guards ask, not ${request.method} ${request.url}`)
    }
  }
}

function describePlans(catalogue: Catalogue): object[] {
  const names = Object.keys(catalogue.features)
  return catalogue.plans
    .filter((plan) => plan.public !== false)
    .map((plan) => ({
      plan: plan.plan,
      display_name: plan.display_name ?? plan.plan,
      limits: plan.limits,
      features: Object.fromEntries(names.map((name) => [name, hasFeature(catalogue, plan, name)])),
    }))
}

function describeState(kept: Kept, request: Request): Response {
  const person = personOf(kept, request)
  if (!person) return answer(refusedToken().problem)
  const at = kept.now()
  const { userId, sessionId, role, graceEndsAt, account } = person
  if (account.story.lacksSecondFactor) {
    return answer(refuse('second-factor-required-here', { security_url: `${kept.url}/security` }).problem)
  }
  return Response.json({
    at: instant(at),
    user: {
      id: userId,
      email_verified: graceEndsAt === null,
      verification_grace_ends_at: graceEndsAt === null ? null : instant(graceEndsAt),
    },
    session_id: sessionId,
    session_expires_at: instant(at + SESSION_MS),
    account_id: account.id,
    role,
    spans: spansOf(account, kept.catalogue, at),
    upgrade_url: kept.upgradeUrl,
  })
}

async function count(
  kept: Kept,
  request: Request,
  perform: (asked: Parameters<typeof check>[0], order: Order) => object,
): Promise<Response> {
  const { account_id, ...order } = (await request.json()) as Order & { account_id?: string }
  const account = isProduct(request) ? kept.accounts.get(account_id ?? '') : personOf(kept, request)?.account
  if (!account) return answer(refusedToken().problem)
  const { catalogue, upgradeUrl } = kept
  const at = kept.now()
  if (!Object.hasOwn(spansOf(account, catalogue, at)[0].limits, order.limit)) {
    const detail = `There is no limit ${order.limit}.`
    return answer(refuse('invalid-request', { errors: [{ pointer: '#/limit', detail }] }).problem)
  }
  return answer(perform({ account, catalogue, at, upgradeUrl }, { ...order, amount: order.amount ?? 1 }))
}

function follow({ now, followers }: Kept, signal: AbortSignal): Response {
  const encoder = new TextEncoder()
  let id = 0
  let stop = () => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const tell = (event: string, data: object) =>
        controller.enqueue(encoder.encode(`event: ${event}\nid: ${++id}\ndata: ${JSON.stringify(data)}\n\n`))
      const mark = () => tell('mark', { at: instant(now()) })
      const timer = setInterval(mark, MARK_EVERY_MS)
      // A test that forgets to close its gate ends all the same.
      timer.unref?.()
      followers.add(tell)
      stop = () => {
        clearInterval(timer)
        followers.delete(tell)
      }
      signal.addEventListener('abort', () => {
        stop()
        controller.error(signal.reason)
      })
      mark()
    },
    cancel: () => stop(),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

function personOf({ people, now }: Kept, request: Request): TestPerson | null {
  const known = people.get(bearerOf(request))
  return known && now() < known.exp * 1000 ? known.person : null
}

const bearerOf = ({ headers }: Request) => (headers.get('authorization') ?? '').replace(/^bearer /i, '')
const isProduct = (request: Request) => bearerOf(request) === PRODUCT_KEY

function answer(body: object): Response {
  const { status = 200 } = body as Partial<ProblemBody>
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': type } })
}
