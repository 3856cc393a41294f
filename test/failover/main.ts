import { setTimeout as delay } from 'node:timers/promises'
import { Client } from './client.ts'
import { Cluster, type Node, programs } from './cluster.ts'
import { openInstallation, type Process } from './installation.ts'
import { type Count, judge, rest } from './judge.ts'
import { Load } from './load.ts'
import { missingPackages } from './programs.ts'

const BEFORE_MS = 8_000
const AFTER_MS = 12_000
const BACK_WITHIN_MS = 120_000

/** What was killed, and how long nobody was told that something of theirs was done. */
interface Kill {
  what: string
  secondsWithoutWrites: number
  secondsUntilWhole: number | null
}

await main()

async function main(): Promise<void> {
  const missing = missingPackages(programs)
  if (missing.length > 0) {
    console.error(
      `This takes programs of Debian 12: apt-get install --no-install-recommends ${missing.join(' ')}`,
    )
    console.error('Keep them from starting servers of their own: docs/guides/replicas.md says how.')
    process.exit(2)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void stopped().then(() => process.exit(130)))
  const started = new AsyncDisposableStack()
  const stopped = () => started.disposeAsync()
  let isPassed = false
  try {
    isPassed = await run(started)
  } finally {
    await stopped()
  }
  console.log(isPassed ? '\npassed: nothing acknowledged was lost, nothing was done twice' : '\nFAILED')
  process.exit(isPassed ? 0 : 1)
}

async function run(started: AsyncDisposableStack): Promise<boolean> {
  say('three servers of PostgreSQL under Patroni, etcd, HAProxy')
  const cluster = await Cluster.start()
  let isPassed = false
  started.defer(() => cluster.stop({ keep: !isPassed }))
  const databaseUrl = await cluster.createDatabase('frontgate')
  say('two processes that serve, two that work')
  const at = await openInstallation(started, { databaseUrl, folder: cluster.folder })
  const client = new Client(at.serving)
  const load = new Load(at, client)
  await load.prepare()
  load.start()
  await delay(BEFORE_MS)
  const [worker] = at.working as [Process]
  const kills = [
    await killNode('the primary', cluster, client, await cluster.find('primary')),
    await killNode('the synchronous standby', cluster, client, await cluster.find('sync_standby')),
    await measure('a worker', client, async () => void worker.child.kill('SIGKILL')),
  ]
  say('what was begun is finished')
  await load.stop()
  await rest(at)
  say('counting')
  const counts = await judge(at, load.ledger, client)
  const { troubles } = client
  const { unexpected } = at.complaints
  report(kills, counts, client)
  console.log(
    `\n${load.ledger.refreshes} refreshes, ${client.acknowledged.length} changes acknowledged in all.`,
  )
  for (const wrong of troubles.wrong.slice(0, 20)) console.log(`wrong: ${wrong}`)
  for (const complaint of unexpected) console.log(`logged: ${complaint}`)
  isPassed = counts.every(({ isRight }) => isRight) && troubles.wrong.length === 0 && unexpected.size === 0
  if (!isPassed) console.log(`Logs are in ${cluster.folder}.`)
  return isPassed
}

async function killNode(what: string, cluster: Cluster, client: Client, node: Node): Promise<Kill> {
  const kill = await measure(what, client, async () => cluster.kill(node))
  const began = performance.now()
  cluster.startNode(node)
  await cluster.untilWhole()
  return { ...kill, secondsUntilWhole: (performance.now() - began) / 1000 }
}

async function measure(what: string, client: Client, kill: () => Promise<void>): Promise<Kill> {
  say(`kill -9: ${what}`)
  const began = performance.now()
  await kill()
  // A request that was answered at this very moment is no sign of life.
  const isBack = () => client.acknowledged.some((at) => at > began + AFTER_MS)
  while (!isBack()) {
    if (performance.now() - began > BACK_WITHIN_MS)
      throw new Error(`Nothing is written since ${what} was killed`)
    await delay(100)
  }
  await delay(AFTER_MS)
  return { what, secondsWithoutWrites: client.longestGap(began, performance.now()), secondsUntilWhole: null }
}

function report(kills: Kill[], counts: Count[], { troubles }: Client): void {
  console.log(
    '\n| killed with -9 | no change acknowledged for | joined again after its start |\n|---|---|---|',
  )
  for (const { what, secondsWithoutWrites, secondsUntilWhole } of kills) {
    const whole = secondsUntilWhole === null ? '' : `${secondsUntilWhole.toFixed(1)} s`
    console.log(`| ${what} | ${secondsWithoutWrites.toFixed(1)} s | ${whole} |`)
  }
  console.log('\n|  | counted | told | found |\n|---|---|---|---|')
  for (const { what, told, found, isRight } of counts) {
    console.log(`| ${isRight ? 'ok' : 'WRONG'} | ${what} | ${told} | ${found} |`)
  }
  console.log(`| ok | answered 503 with Retry-After | | ${troubles.unavailable} |`)
  console.log(`| ok | broken connections, answers that did not come | | ${troubles.lost} |`)
  console.log(
    `| ${troubles.wrong.length === 0 ? 'ok' : 'WRONG'} | other answers | 0 | ${troubles.wrong.length} |`,
  )
}

function say(doing: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${doing}`)
}
