import { type Person, register } from './people.ts'
import type { TestApp, TestReply } from './testApp.ts'

type Calls = Pick<TestApp, 'call'>

/** Somebody, new unless they are named, who has a role in an account, put there without an invite, and a token for it. */
export async function joined(t: TestApp, accountId: string, role: string, who?: Person): Promise<Person> {
  const person = who ?? (await register(t))
  await putInto(t, accountId, person, role)
  return { ...person, ...(await entering(t, person, accountId)), accountId }
}

/** Puts a user into an account, or gives them another role in it, behind the back of every rule. */
export async function putInto(
  t: TestApp,
  accountId: string,
  { userId }: Pick<Person, 'userId'>,
  role: string,
): Promise<void> {
  await t.app.pool.query(
    `insert into members (account_id, user_id, role, created_at) values ($1, $2, $3, $4)
     on conflict (account_id, user_id) do update set role = excluded.role`,
    [accountId, userId, role, t.app.now()],
  )
}

/** Has somebody's session work in another of their accounts. */
export async function entering(
  t: Calls,
  { accessToken: as }: Pick<Person, 'accessToken'>,
  accountId: string,
): Promise<{ accessToken: string }> {
  const { body } = await t.call('POST', '/v1/auth/switch-account', { as, body: { account_id: accountId } })
  return { accessToken: body.access_token }
}

/** What members do to each other, each returning the reply. */
export const changeRole = (
  t: Calls,
  { accessToken: as }: Person,
  { userId }: Pick<Person, 'userId'>,
  role: string,
): Promise<TestReply> => t.call('PATCH', `/v1/accounts/me/members/${userId}`, { as, body: { role } })

export const removeMember = (
  t: Calls,
  { accessToken: as }: Person,
  { userId }: Pick<Person, 'userId'>,
): Promise<TestReply> => t.call('DELETE', `/v1/accounts/me/members/${userId}`, { as })

export const leave = (t: Calls, { accessToken: as }: Person): Promise<TestReply> =>
  t.call('POST', '/v1/accounts/me/leave', { as })

export const transfer = (
  t: Calls,
  { accessToken: as }: Person,
  { userId }: Pick<Person, 'userId'>,
): Promise<TestReply> =>
  t.call('POST', '/v1/accounts/me/transfer-ownership', { as, body: { user_id: userId } })
