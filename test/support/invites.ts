import { tokenFor } from './mailedLinks.ts'
import { newAddress, PASSWORD, type Person, personFrom } from './people.ts'
import type { TestApp, TestReply } from './testApp.ts'

/** Has somebody invite an address to their account, and returns the reply. */
export function sendInvite(t: TestApp, by: Person, email: string, role = 'member'): Promise<TestReply> {
  return t.call('POST', '/v1/accounts/me/invites', { as: by.accessToken, body: { email, role } })
}

/** Has somebody invite many at once, each as the role beside the address, and returns the reply. */
export function sendInvites(
  t: Pick<TestApp, 'call'>,
  by: Person,
  rows: (readonly [email: string, role: string])[],
): Promise<TestReply> {
  const body = { invites: rows.map(([email, role]) => ({ email, role })) }
  return t.call('POST', '/v1/accounts/me/invites/bulk', { as: by.accessToken, body })
}

/** What became of each row of such a reply. */
export function outcomesOf({ status, body }: TestReply): string[] {
  if (status !== 200) throw new Error(`Inviting many answered ${status}: ${JSON.stringify(body)}`)
  return body.results.map(({ outcome }: { outcome: string }) => outcome)
}

/** Has somebody send an invite that must go out: its id, and the token that only the mail has. */
export async function invited(
  t: TestApp,
  by: Person,
  email: string,
  role?: string,
): Promise<{ id: string; token: string }> {
  const reply = await sendInvite(t, by, email, role)
  if (reply.status !== 201) throw new Error(`Inviting answered ${reply.status}: ${reply.text}`)
  return { id: reply.body.id, token: await tokenFor(t, '/accept-invite', email) }
}

/** Accepts an invite as somebody who is signed in. */
export function accept(t: Pick<TestApp, 'call'>, { accessToken }: Person, token: string): Promise<TestReply> {
  return t.call('POST', '/v1/invites/accept', { as: accessToken, body: { token } })
}

/** Registers with an invite, and returns the reply. */
export function registerInvited(
  t: Pick<TestApp, 'call'>,
  email: string,
  token: string,
  fields: Record<string, unknown> = {},
): Promise<TestReply> {
  const body = { email, password: PASSWORD, invite_token: token, token_delivery: 'body', ...fields }
  return t.call('POST', '/v1/auth/register', { body })
}

/** Somebody new who has joined an account by its invite. */
export async function newMember(t: TestApp, by: Person, role = 'member'): Promise<Person> {
  const email = newAddress('member')
  const { token } = await invited(t, by, email, role)
  const reply = await registerInvited(t, email, token)
  if (reply.status !== 201) throw new Error(`Joining answered ${reply.status}: ${reply.text}`)
  return personFrom(email, reply)
}

/** How the seats of somebody's account are taken, as its billing state says it. */
export async function seatsOf(t: TestApp, { accessToken }: Person): Promise<Record<string, number | null>> {
  const { body } = await t.call('GET', '/v1/billing/state', { as: accessToken })
  return body.subscription.seats
}

/** Who is in an account, each with their role. */
export async function membersOf(t: TestApp, accountId: string): Promise<Record<string, string>> {
  const rows = await t.app.db
    .selectFrom('members')
    .select(['user_id', 'role'])
    .where('account_id', '=', accountId)
    .execute()
  return Object.fromEntries(rows.map(({ user_id, role }) => [user_id, role]))
}
