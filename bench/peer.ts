import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureInstalled } from '../scripts/install.mjs'
import { query } from './database.ts'
import { CUSTOMERS, SIGNING_SECRET } from './events.ts'
import { newAddress, PASSWORD } from './people.ts'
import type { Program, Running } from './programs.ts'

const FILES = ['package.json', 'package-lock.json', 'server.mjs']

/** Installs what we compare with, where nothing of the service finds it, and tells how to start it. */
export async function installPeer(databaseUrl: string): Promise<(env?: NodeJS.ProcessEnv) => Program> {
  const folder = fileURLToPath(new URL('../.frontgate/bench-peer', import.meta.url))
  await mkdir(folder, { recursive: true })
  for (const file of FILES) {
    await copyFile(fileURLToPath(new URL(`./peer/${file}`, import.meta.url)), join(folder, file))
  }
  await ensureInstalled(folder, 'all')
  return (env = {}) => ({
    args: (port) => [join(folder, 'server.mjs'), String(port)],
    env: { DATABASE_URL: databaseUrl, SIGNING_SECRET, ...env },
    readyPath: '/ready',
  })
}

/** Somebody who is signed in at the peer, with an organization of their own that has a subscription. */
export interface PeerPerson {
  email: string
  /** The cookies of the session, as a browser sends them. */
  cookie: string
  organizationId: string
}

/** What signs somebody up there, or in. */
export function peerCredentials(email: string): string {
  return JSON.stringify({ email, password: PASSWORD, name: 'Ada' })
}

/** Signs people up at the peer, one after another: each of its hashes takes a whole thread. */
export async function registerAtPeer(
  { port }: Running,
  databaseUrl: string,
  howMany: number,
): Promise<PeerPerson[]> {
  const people: PeerPerson[] = []
  while (people.length < howMany) {
    const email = newAddress()
    const { cookie } = await post(port, 'sign-up/email', peerCredentials(email))
    const body = JSON.stringify({ name: email, slug: email.replace(/\W/g, '-') })
    const { id } = (await post(port, 'organization/create', body, cookie)).body
    people.push({ email, cookie, organizationId: String(id) })
  }
  await query(
    databaseUrl,
    `insert into subscription (id, plan, "referenceId", "stripeCustomerId", "stripeSubscriptionId", status, "periodStart", "periodEnd", seats)
     select gen_random_uuid(), 'pro', id, 'cus_' || id, 'sub_' || id, 'active', now(), now() + interval '30 days', 1 from unnest($1::text[]) id`,
    [people.map(({ organizationId }) => organizationId)],
  )
  return people
}

/** Gives the peer the subscriptions that events tell of, and the indexes that its documentation recommends. */
export async function addPeerSubscriptions(databaseUrl: string): Promise<void> {
  for (const column of ['referenceId', 'stripeSubscriptionId', 'stripeCustomerId']) {
    await query(databaseUrl, `create index if not exists "bench_${column}" on subscription ("${column}")`)
  }
  await query(
    databaseUrl,
    `insert into subscription (id, plan, "referenceId", "stripeCustomerId", "stripeSubscriptionId", status, seats)
     select gen_random_uuid(), 'pro', 'bench-' || n, 'cus_bench_' || n, 'sub_bench_' || n, 'active', 1 from generate_series(1, ${CUSTOMERS}) n`,
  )
  await query(databaseUrl, 'analyze')
}

async function post(port: number, path: string, body: string, cookie = '') {
  const origin = `http://127.0.0.1:${port}`
  const reply = await fetch(`${origin}/api/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin, ...(cookie && { cookie }) },
    body,
  })
  if (!reply.ok) throw new Error(`The peer's ${path} answered ${reply.status}: ${await reply.text()}`)
  return {
    cookie: reply.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; '),
    body: (await reply.json()) as Record<string, unknown>,
  }
}
