import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Finding } from './findings.ts'
import { registerPeople } from './people.ts'
import { startProgram } from './programs.ts'
import type { Rounds } from './rounds.ts'
import type { Stage } from './stage.ts'

const CHANGES_PER_ROUND = 20
const OPERATOR = 'operator@frontgate.example'

/**
 * How long it takes from asking for another plan over HTTP until two products have been told, each by a process of the
 * service of its own. That it takes until the commit is counted in.
 */
export async function measureStream(stage: Stage, { rounds, say }: Rounds): Promise<Finding[]> {
  const services = [await startProgram(stage.serviceProgram()), await startProgram(stage.serviceProgram())]
  const leaving = new AbortController()
  try {
    const [here] = services
    if (!here) throw new Error('No service was started')
    const [person] = await registerPeople(here, 1)
    const subject = `account:${person?.claims.account_id}`
    const frontgate = commandLine(stage)
    const grant = granter(here.port, frontgate, String(person?.claims.account_id))
    const key = await frontgate('product-keys', 'create', '--name', 'bench', '--scope', 'entitlements:read')
    const products = await Promise.all(services.map(({ port }) => follow(port, key, leaving.signal)))
    const took: number[] = []
    for (let change = 0; change <= rounds * CHANGES_PER_ROUND; change++) {
      say(`stream ${change} of ${rounds * CHANGES_PER_ROUND}`)
      const began = performance.now()
      const told = Promise.all(products.map((product) => product.told(subject)))
      await grant()
      const last = Math.max(...(await told))
      // The first one opens connections.
      if (change > 0) took.push(last - began)
    }
    took.sort((a, b) => a - b)
    const at = (share: number) => took[Math.floor(took.length * share)] ?? Number.NaN
    return [findingOf('median', at(0.5), 100), findingOf('95 %', at(0.95), 250)]
  } finally {
    leaving.abort()
    await Promise.all(services.map((service) => service.stop()))
  }
}

function findingOf(which: string, ours: number, atMost: number): Finding {
  const path = `a plan change, told to two products of two processes, ${which}`
  return { name: 'stream', path, unit: 'ms', ours, limit: null, value: ours, bound: { atMost } }
}

type Command = (...args: string[]) => Promise<string>

function commandLine(stage: Stage): Command {
  const { env } = stage.serviceProgram()
  return async (...args) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['dist/main.js', ...args], {
      env: { ...process.env, ...env },
    })
    return stdout.trim()
  }
}

function granter(port: number, frontgate: Command, accountId: string): () => Promise<void> {
  const token = frontgate('operator', 'add', OPERATOR).then(() => frontgate('operator', 'token', OPERATOR))
  return async () => {
    const reply = await fetch(`http://127.0.0.1:${port}/v1/operator/accounts/${accountId}/grants`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await token}` },
      body: JSON.stringify({ source: 'complimentary', plan: 'team', reason: 'bench' }),
    })
    if (!reply.ok) throw new Error(`Giving a grant answered ${reply.status}: ${await reply.text()}`)
  }
}

interface Product {
  /** When something is told of a subject next, by performance.now(). */
  told: (subject: string) => Promise<number>
}

async function follow(port: number, key: string, signal: AbortSignal): Promise<Product> {
  const headers = { authorization: `Bearer ${key}` }
  const reply = await fetch(`http://127.0.0.1:${port}/v1/changes`, { headers, signal })
  if (!reply.ok || !reply.body) throw new Error(`The stream answered ${reply.status}: ${await reply.text()}`)
  const waiting = new Map<string, (at: number) => void>()
  const read = async (body: NonNullable<Response['body']>) => {
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      for (const [subject, resolve] of waiting) if (text.includes(subject)) resolve(performance.now())
    }
  }
  // Left by its abort.
  read(reply.body).catch(() => undefined)
  return { told: (subject) => new Promise((resolve) => void waiting.set(subject, resolve)) }
}
