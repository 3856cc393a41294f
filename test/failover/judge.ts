import { setTimeout as delay } from 'node:timers/promises'
import { bringJobsForward } from '../../sandbox/settle.ts'
import type { Client } from './client.ts'
import type { Installation } from './installation.ts'
import { type Ledger, PASSWORD } from './load.ts'

const DAY_SECONDS = 86_400
const REST_WITHIN_MS = 120_000

/** One thing that was counted, and what it must be. */
export interface Count {
  what: string
  told: number
  found: number
  isRight: boolean
}

/** Waits until everything that was promised is done. */
export async function rest({ app }: Installation): Promise<void> {
  const until = Date.now() + REST_WITHIN_MS
  for (;;) {
    await bringJobsForward(app, DAY_SECONDS)
    const { rows } = await app.pool.query<{ task: string; last_error: string | null }>(
      `select task_identifier as task, last_error from graphile_worker.jobs
       where (task_identifier like 'billing.%' or task_identifier = 'mail.send') and attempts < max_attempts`,
    )
    if (rows.length === 0) return
    if (Date.now() > until) throw new Error(`Still promised: ${JSON.stringify(rows.slice(0, 5))}`)
    await delay(200)
  }
}

/** Compares what clients were told with what is there. */
export async function judge(at: Installation, ledger: Ledger, client: Client): Promise<Count[]> {
  return [
    ...(await judgeSignUps(at, ledger, client)),
    ...(await judgeUsage(at, ledger)),
    ...(await judgeSessions(at, ledger, client)),
    ...(await judgeEvents(at, ledger)),
    ...judgeMails(at, ledger),
  ]
}

async function judgeSignUps({ app }: Installation, { registered }: Ledger, client: Client): Promise<Count[]> {
  const emails = registered.map(({ email }) => email)
  const { rows } = await app.pool.query<Record<'users' | 'whole' | 'others', number>>(
    `select count(*) as users,
       count(*) filter (where u.members = 1 and u.trials = 1) as whole,
       (select count(*) from users where email like '%@visitor.example' and email <> all($1)) as others
     from (
       select email, (select count(*) from members m where m.user_id = u.id) as members,
         (select count(*) from members m join grants g using (account_id) where m.user_id = u.id and g.source = 'trial') as trials
       from users u where email = any($1)
     ) u`,
    [emails],
  )
  const { users = 0, whole = 0, others = 0 } = rows[0] ?? {}
  let signedIn = 0
  for (const { email, userId } of registered) {
    const body = { email, password: PASSWORD, token_delivery: 'body' }
    const reply = await client.ask('POST', '/v1/auth/login', { body })
    if (reply.status === 200 && (userId === null || reply.body.user.id === userId)) signedIn++
  }
  const told = emails.length
  return [
    exact('people who registered are there, once', told, users),
    exact('each with an account and one trial', told, whole),
    exact('and sign in', told, signedIn),
    exact('people who never registered', 0, others),
  ]
}

async function judgeUsage({ app }: Installation, { consumers }: Ledger): Promise<Count[]> {
  const told = consumers.reduce((sum, { keys }) => sum + keys.length, 0)
  const { rows } = await app.pool.query<{ used: number }>(
    `select coalesce(sum(used), 0)::bigint as used from usage where account_id = any($1) and name = 'kb_conversions'`,
    [consumers.map(({ accountId }) => accountId)],
  )
  return [exact('keys that were consumed are counted, once', told, rows[0]?.used ?? 0)]
}

async function judgeSessions(at: Installation, { refreshers }: Ledger, client: Client): Promise<Count[]> {
  const { rows } = await at.app.pool.query<{ ended: number }>(
    'select count(*) as ended from sessions where user_id = any($1) and revoked_at is not null',
    [refreshers.map(({ userId }) => userId)],
  )
  let live = 0
  for (const { refreshToken } of refreshers) {
    const reply = await client.ask('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })
    if (reply.status === 200) live++
  }
  return [
    exact('sessions go on', refreshers.length, live),
    exact('sessions that were ended, as if a token had been stolen', 0, rows[0]?.ended ?? 0),
  ]
}

async function judgeEvents({ app, stripe }: Installation, { events, payers }: Ledger): Promise<Count[]> {
  const accounts = payers.map(({ accountId }) => accountId)
  const { rows } = await app.pool.query<Record<'kept' | 'open' | 'begun' | 'failed', number>>(
    `select (select count(*) from stripe_events where id = any($1)) as kept,
       (select count(*) from stripe_events where status not in ('handled', 'ignored')) as open,
       (select count(*) from audit_log where action = 'subscription.begun' and account_id = any($2)) as begun,
       (select count(*) from mail_log where template = 'payment-failed' and account_id = any($2)) as failed`,
    [[...events], accounts],
  )
  const { kept = 0, open = 0, begun = 0, failed = 0 } = rows[0] ?? {}
  const { rows: mirrored } = await app.pool.query<{ customer: string; status: string; plan: string }>(
    'select stripe_customer_id as customer, status, plan from subscriptions where account_id = any($1)',
    [accounts],
  )
  const right = payers.filter(({ customer }) => {
    const held = stripe.store.listOf('subscription', customer)
    const here = mirrored.filter((row) => row.customer === customer)
    return (
      held.length === 1 && here.length === 1 && here[0]?.status === held[0]?.status && here[0]?.plan === 'pro'
    )
  }).length
  return [
    exact('events that were taken are in the inbox', events.size, kept),
    exact('events that are not handled', 0, open),
    exact('subscriptions are mirrored as Stripe holds them', payers.length, right),
    exact('subscriptions that began, once each', payers.length, begun),
    exact('payments that failed, of which owners are told once', payers.length, failed),
  ]
}

/** A mail that a killed worker had sent and not noted is sent again under the same id, which mail programs show once. */
function judgeMails({ mailbox }: Installation, { registered }: Ledger): Count[] {
  const ids = registered.map(({ email }) => {
    const mails = mailbox.list(email)
    return { all: mails.length, distinct: new Set(mails.map(({ headers }) => headers['message-id'])).size }
  })
  const once = ids.filter(({ distinct }) => distinct === 1).length
  const again = ids.reduce((sum, { all, distinct }) => sum + all - distinct, 0)
  return [
    exact('people who got their mail, one', registered.length, once),
    { what: 'mails that were sent once more, under the same id', told: 0, found: again, isRight: true },
  ]
}

const exact = (what: string, told: number, found: number): Count => ({
  what,
  told,
  found,
  isRight: told === found,
})
