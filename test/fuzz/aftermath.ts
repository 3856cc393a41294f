import { register } from '../support/people.ts'
import type { Stage } from './stage.ts'

const READS = 200
const ADDRESS = /[\w.+-]+@[\w-]+\.[\w.]+/

/** What is wrong with the service once everything is over; nothing when it is as if nothing had been. */
export async function aftermath(stage: Stage): Promise<string[]> {
  if (!stage.isAlive()) return ['the process has ended']
  return [...(await tryOut(stage)), ...(await lookAtConnections(stage)), ...readLog(stage)]
}

async function tryOut({ t }: Stage): Promise<string[]> {
  const person = await register(t)
  const reads = await Promise.all(
    Array.from({ length: READS }, () => t.call('GET', '/v1/accounts/me', { as: person.accessToken })),
  )
  const wrong = reads.filter(({ status }) => status !== 200)
  const ready = await t.call('GET', '/readyz')
  return [
    ...(wrong.length > 0 ? [`${wrong.length} of ${READS} reads at once fail: ${wrong[0]?.text}`] : []),
    ...(ready.status === 200 ? [] : [`readiness answers ${ready.status}`]),
  ]
}

/** Nothing is left open in the database, and no connection beyond those that the service may have. */
async function lookAtConnections({ t }: Stage): Promise<string[]> {
  const { rows } = await t.app.pool.query<{ state: string; count: number }>(
    `select state, count(*)::int from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and xact_start < now() - interval '5 seconds'
     group by state`,
  )
  return rows.map(({ state, count }) => `${count} connections are ${state}, with a transaction open`)
}

/** Each line is JSON, and none holds an address or a secret. */
function readLog({ logged, secrets }: Stage): string[] {
  const faults = new Set<string>()
  for (const line of logged) {
    if (ADDRESS.test(line)) faults.add(`the log holds an address: ${line.slice(0, 300)}`)
    const secret = secrets.find((one) => line.includes(one))
    if (secret !== undefined) faults.add(`the log holds a secret: ${line.slice(0, 300)}`)
    if (!line.startsWith('{')) faults.add(`the log holds a line that is no JSON: ${line.slice(0, 300)}`)
  }
  return [...faults].slice(0, 5)
}
