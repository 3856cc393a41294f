import { exchange, type Outcome } from './exchange.ts'
import { faultsOf } from './judge.ts'
import { type Place, type SomeRequest, someRequests } from './requests.ts'
import type { Stage } from './stage.ts'

/** A request that was answered wrongly: how to send it again, and what was wrong. */
export interface Failure {
  what: string
  faults: string[]
  answer: string
}

export interface Played {
  requests: number
  /** How many were answered with each status. */
  statuses: Map<number, number>
  failures: Failure[]
}

const AT_ONCE = 8
const BATCH = 240
const MOST_FAILURES = 20
const SENT_AT_ONCE = 16 * 1024
/** Headers that say where a request ends. */
const FRAMING = new Set(['Content-Length', 'Transfer-Encoding', 'Expect', 'Connection', 'Upgrade'])

/** Sends generated requests for some time, or some many of them, and judges every answer. */
export async function playRequests(
  stage: Stage,
  { seed, until, say }: { seed: number; until: (requests: number) => boolean; say: (line: string) => void },
): Promise<Played> {
  const played: Played = { requests: 0, statuses: new Map(), failures: [] }
  for (let batch = 0; !until(played.requests); batch++) {
    await playAll(stage, someRequests(seed + batch, BATCH), played)
    await stage.renew()
    say(`${played.requests} requests, ${played.failures.length} answered wrongly`)
    if (played.failures.length >= MOST_FAILURES || !stage.isAlive()) break
  }
  return played
}

/** Sends these, several at a time. */
export async function playAll(stage: Stage, requests: SomeRequest[], played: Played): Promise<void> {
  const queue = requests.entries()
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const [, request] of queue) await playOne(stage, request, played)
  })
  await Promise.all(workers)
}

async function playOne(stage: Stage, request: SomeRequest, played: Played): Promise<void> {
  const turn = played.requests++
  const { bytes, said } = render(stage, request, turn)
  const mayLackEnd = request.headers.some(([name]) => FRAMING.has(name))
  const outcome = await exchange(stage.port, bytes, { mayLackEnd })
  if (outcome.kind === 'answered')
    played.statuses.set(outcome.status, (played.statuses.get(outcome.status) ?? 0) + 1)
  // What the head may have changed is no longer the operation that was meant.
  const isPlain = request.headers.length === 0 && request.method === request.operation.method
  const { method } = request
  const meant = isPlain && reaches(outcome) ? { method, operation: request.operation } : { method }
  // A request of which the service still awaits a part is nobody's to answer, and where it answers and hangs up before
  // it has read a long body, TCP may drop the answer.
  if (outcome.kind === 'cut' && mayLackEnd) return
  if (outcome.kind !== 'silent' && isTorn(outcome) && bytes.length > SENT_AT_ONCE) return
  const isTwice = outcome.kind === 'answered' && outcome.isFollowed && method !== 'HEAD'
  const faults = [...faultsOf(outcome, meant), ...(isTwice ? ['more than one answer'] : [])]
  if (faults.length > 0)
    played.failures.push({
      what: curlOf(stage, request, said),
      faults: faults.map((fault) => `${request.operation.operationId} by ${request.caller}: ${fault}`),
      answer: outcome.raw.slice(0, 800),
    })
}

/** A path can be so odd that the router finds nothing there, or that it is another one. */
const reaches = (outcome: Outcome) => outcome.kind === 'answered' && ![404, 405, 431].includes(outcome.status)

function isTorn(outcome: Outcome): boolean {
  if (outcome.kind !== 'answered') return true
  const { 'content-length': length } = outcome.headers
  return length !== undefined && outcome.body.length < Number(length)
}

interface Said {
  target: string
  headers: [string, string][]
  body: Buffer | null
}

function render(stage: Stage, request: SomeRequest, turn: number): { bytes: Buffer; said: Said } {
  const fill = (text: string) => text.replace(/\{\{(\w+)\}\}/g, (_match, place) => stage.at(place as Place))
  const { method, caller, headers: odd } = request
  const target = fill(request.target).replace(/[^\x21-\xff]/g, '%')
  const body = request.body && fillBytes(request.body, fill)
  const bearer = stage.bearer(caller, turn)
  const usual: [string, string][] = [
    ['Host', `127.0.0.1:${stage.port}`],
    ['Connection', 'close'],
    ['X-Forwarded-For', `10.${(turn >> 16) & 255}.${(turn >> 8) & 255}.${turn & 255}`],
    ...(bearer === undefined ? [] : [['Authorization', `Bearer ${bearer}`] as [string, string]]),
    ...(body ? [['Content-Type', 'application/json'] as [string, string]] : []),
    ...(body ? [['Content-Length', String(body.length)] as [string, string]] : []),
  ]
  // Every other time both are sent, the usual one and the odd one.
  const replaced = turn % 2 === 0 ? new Set(odd.map(([name]) => name)) : new Set()
  const headers = [...usual.filter(([name]) => !replaced.has(name)), ...odd]
  const head = `${method} ${target} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return {
    bytes: Buffer.concat([Buffer.from(head, 'latin1'), body ?? Buffer.alloc(0)]),
    said: { target, headers, body },
  }
}

function fillBytes(body: Buffer, fill: (text: string) => string): Buffer {
  return body.includes('{{') ? Buffer.from(fill(body.toString('latin1')), 'latin1') : body
}

/** A command line that sends the same; the body as bytes, whatever they are. */
function curlOf({ port }: Stage, { method }: SomeRequest, { target, headers, body }: Said): string {
  const parts = [
    'curl -isS --path-as-is -m 20',
    method === 'HEAD' ? '--head' : `-X ${method}`,
    ...headers
      .filter(([name]) => name !== 'Content-Length')
      .map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body ? [`--data-binary ${quoted(body.toString('latin1'))}`] : []),
    quoted(`http://127.0.0.1:${port}${target}`),
  ]
  return parts.join(' ')
}

/** As `$'…'` of bash, byte by byte. */
function quoted(text: string): string {
  const escaped = text.replace(
    /[^\x20-\x7e]|['\\]/g,
    (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return `$'${escaped}'`
}
