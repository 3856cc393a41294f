import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createGate, type Gate, type GateOptions } from '@frontgate/client/guards'
import { type Finding, median } from './findings.ts'
import { operatorAt } from './operators.ts'
import { registerPeople } from './people.ts'
import type { Running } from './programs.ts'
import type { Rounds } from './rounds.ts'
import type { Stage } from './stage.ts'

const TOKENS = 64
// Short enough not to be interrupted, on a machine that does other things too.
const BATCH = 50
const BATCHES = 4_000
const REQUIREMENT = { plan: 'pro', features: ['scripts'] }

/** How long a product's own process takes to decide about a token it has seen, what that keeps, and that it asks nobody. */
export async function measureGuard(stage: Stage, { rounds, say }: Rounds): Promise<Finding[]> {
  const service = await stage.service()
  const productKey = await (await operatorAt(service, stage)).makeProductKey()
  const people = await registerPeople(service, TOKENS)
  const tokens = await Promise.all(people.map(({ claims }) => stage.mint(claims)))
  const findings: Finding[] = []
  for (const [mode, options] of [
    ['by the token', {}],
    ['live', { live: true }],
  ] as const) {
    say(`guard: ${mode}`)
    const { asked, gate } = await openGate(service, { productKey, ...options })
    try {
      await Promise.all(tokens.map((token) => gate.decide(`Bearer ${token}`, REQUIREMENT)))
      const turns: { ns: number; kept: number }[] = []
      await decideOften(gate, tokens, asked)
      while (turns.length < rounds) turns.push(await decideOften(gate, tokens, asked))
      findings.push(
        findingOf(`decide(), cached token, ${mode}`, 'ns', median(turns.map(({ ns }) => ns)), 1_000),
        findingOf(`kept by a decision, ${mode}`, 'B', median(turns.map(({ kept }) => kept)), 1),
      )
    } finally {
      gate.close()
    }
  }
  return findings
}

/** A gate that reaches the service where it listens, and counts what it asks but for its stream. */
async function openGate(
  service: Running,
  options: Partial<GateOptions>,
): Promise<{ asked: { count: number }; gate: Gate }> {
  const url = 'https://frontgate.example'
  const asked = { count: 0 }
  const gate = createGate({
    url,
    fetch(input, init) {
      if (!String(input).endsWith('/v1/changes')) asked.count++
      return fetch(String(input).replace(url, `http://127.0.0.1:${service.port}`), init)
    },
    ...options,
  })
  await gate.ready()
  return { asked, gate }
}

async function decideOften(gate: Gate, tokens: string[], asked: { count: number }) {
  const took: number[] = []
  const askedBefore = asked.count
  collectGarbage()
  const heapBefore = process.memoryUsage().heapUsed
  for (let batch = 0; batch < BATCHES; batch++) {
    // As of new requests: strings that nothing has been worked out of yet.
    const headers = Array.from({ length: BATCH }, (_, i) =>
      Buffer.from(`Bearer ${tokens[(batch + i) % tokens.length]}`).toString('latin1'),
    )
    const began = performance.now()
    for (const header of headers) {
      const verdict = gate.decide(header, REQUIREMENT)
      if (verdict instanceof Promise || verdict.kind === 'refused')
        throw new Error('It was not decided from memory')
    }
    took.push(((performance.now() - began) * 1e6) / BATCH)
    // The stream is heard between requests, as in a server.
    await setImmediate()
  }
  collectGarbage()
  const kept = (process.memoryUsage().heapUsed - heapBefore) / (BATCH * BATCHES)
  if (asked.count !== askedBefore) throw new Error('The service was asked')
  return { ns: median(took), kept: Math.max(0, kept) }
}

function findingOf(path: string, unit: 'ns' | 'B', value: number, atMost: number): Finding {
  return { name: 'guard', path, unit, ours: value, limit: null, value, bound: { atMost } }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
