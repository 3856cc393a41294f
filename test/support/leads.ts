import { newNetwork } from './networks.ts'
import { newAddress, operatorToken } from './people.ts'
import type { TestApp, TestReply } from './testApp.ts'

/** What somebody at an address writes to sales, with everything that a form may send. */
export function leadOf(email: string) {
  return {
    email,
    name: 'Grace Hopper',
    company: 'Compilers & Co',
    company_size: '50-200',
    plan: 'enterprise',
    message: 'We are many.\nCall us.',
    source: 'pricing',
    attribution: { utm_source: 'newsletter', utm_campaign: 'spring', referrer: 'https://search.example/' },
    website: '',
    turnstile_token: '',
  }
}

/** Sends it, from a network that no limit knows yet unless one is given. */
export function sendLead(
  t: Pick<TestApp, 'call'>,
  fields: Record<string, unknown> = {},
  from = newNetwork(),
): Promise<TestReply> {
  return t.call('POST', '/v1/sales-leads', { body: { ...leadOf(newAddress('grace')), ...fields }, from })
}

/** Sends one that must be taken, and returns its id. */
export async function keptLead(t: TestApp, fields: Record<string, unknown> = {}): Promise<string> {
  const email = newAddress('grace')
  const reply = await sendLead(t, { email, ...fields })
  if (reply.status !== 202) throw new Error(`Talking to sales answered ${reply.status}: ${reply.text}`)
  const row = await t.app.db
    .selectFrom('sales_leads')
    .select('id')
    .where('email', '=', String(fields.email ?? email))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  return row.id
}

/** The leads that operators see, the newest first. */
export async function leadsOf(t: TestApp, query = ''): Promise<TestReply['body'][]> {
  const as = await operatorToken(t)
  const reply = await t.call('GET', `/v1/operator/leads?limit=100${query}`, { as })
  if (reply.status !== 200) throw new Error(`Listing leads answered ${reply.status}: ${reply.text}`)
  return reply.body.data
}
