import type { App } from '../app.ts'
import { importBatch, tryBatch, whatIsOn } from './importBatch.ts'
import { readLines } from './readLines.ts'
import { readOrder } from './readOrder.ts'
import { emptyFacts, type Kind, keyOf, type Line, type Order, type Refusal } from './rules.ts'

/** How many lines of one kind came out which way. */
export interface Count {
  imported: number
  updated: number
  unchanged: number
  refused: number
}

export interface Tally extends Record<Kind, Count> {
  lines: number
  /** Lines of which not even that can be told. */
  unreadable: number
}

/** How many lines and memberships are one commit. */
const BATCH = 4_000

interface ImportOptions {
  dryRun?: boolean
  onRefused: (refusals: Refusal[]) => void
  onProgress?: (tally: Tally) => void
}

/**
 * Brings in what a file says, some thousand lines to a commit, in their order. It may be cut off at any point and run again:
 * lines that were followed change nothing. Each line is followed as a whole or refused with its reason. With `dryRun`
 * nothing is written; what lines before would have made is remembered.
 */
export async function importFile(
  app: App,
  file: string,
  { dryRun = false, onRefused, onProgress = () => {} }: ImportOptions,
): Promise<Tally> {
  const at = app.now()
  const tally = emptyTally()
  const tried = emptyFacts(whatIsOn(app))
  const followAll = async ({ lines, refusals, count }: Batch): Promise<void> => {
    const outcome = dryRun ? await tryBatch(app, lines, tried, at) : await importBatch(app, lines, at)
    const all = [...refusals]
    for (const [{ number, order }, verdict] of outcome) {
      if (typeof verdict === 'string') tally[order.kind][verdict]++
      else all.push({ number, kind: order.kind, externalId: shown(order.externalId), reason: verdict.reason })
    }
    for (const { kind } of all) {
      if (kind) tally[kind].refused++
      else tally.unreadable++
    }
    tally.lines += count
    if (all.length > 0) onRefused(all.sort((one, other) => one.number - other.number))
    onProgress(tally)
  }
  // While the database follows one batch, the next one is read.
  let following: Promise<void> = Promise.resolve()
  for await (const batch of batchesOf(app, file, at)) {
    await following
    following = followAll(batch)
    // Awaited above or below; until then nobody else hears of it.
    following.catch(() => undefined)
  }
  await following
  return tally
}

interface Batch {
  lines: Line[]
  refusals: Refusal[]
  count: number
  weight: number
}

const emptyBatch = (): Batch => ({ lines: [], refusals: [], count: 0, weight: 0 })

/** A user's line writes as much as one of theirs for each membership would. */
const weightOf = (order: Order) => (order.kind === 'user' ? 1 + order.members.length : 1)

/** No batch has two lines about the same thing: the second one would be decided by what the first is about to change. */
async function* batchesOf(app: App, file: string, at: Date): AsyncGenerator<Batch> {
  let batch = emptyBatch()
  let keys = new Set<string>()
  for await (const raw of readLines(file)) {
    const read = readOrder(raw, { passwords: app.passwords, at })
    const key = 'order' in read ? keyOf(read.order) : null
    const weight = 'order' in read ? weightOf(read.order) : 1
    if (batch.weight >= BATCH || (key !== null && keys.has(key))) {
      yield batch
      batch = emptyBatch()
      keys = new Set()
    }
    batch.count++
    batch.weight += weight
    if ('order' in read) batch.lines.push(read)
    else batch.refusals.push(read)
    if (key !== null) keys.add(key)
  }
  if (batch.count > 0) yield batch
}

/** Of a member it is that of the user. */
const shown = (externalId: string) => externalId.split('\n')[0] ?? externalId

const none = (): Count => ({ imported: 0, updated: 0, unchanged: 0, refused: 0 })

const emptyTally = (): Tally => ({
  lines: 0,
  unreadable: 0,
  account: none(),
  user: none(),
  member: none(),
  subscription: none(),
})
