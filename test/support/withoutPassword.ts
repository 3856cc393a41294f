import { randomUUID } from 'node:crypto'
import type { Person } from './people.ts'
import type { TestApp } from './testApp.ts'

type Provider = 'google' | 'microsoft'

/** Settings under which both providers are set up, for tests that need nobody to answer there. */
export const withProviders = {
  GOOGLE_CLIENT_ID: 'a-client',
  GOOGLE_CLIENT_SECRET: 'a-secret',
  MICROSOFT_CLIENT_ID: 'a-client',
  MICROSOFT_CLIENT_SECRET: 'a-secret',
}

/** Makes somebody a user who signs in with a provider: without a password, and with an identity. */
export async function withoutPassword(
  t: TestApp,
  { userId }: Pick<Person, 'userId'>,
  provider: Provider = 'google',
): Promise<void> {
  await t.app.pool.query('update users set password_hash = null where id = $1', [userId])
  await withIdentity(t, { userId }, provider)
}

/** Links an identity to somebody, beside the password that they may have, and returns its id. */
export async function withIdentity(
  t: TestApp,
  { userId }: Pick<Person, 'userId'>,
  provider: Provider = 'google',
): Promise<string> {
  const [id, ...rest] = identityOf(t, userId, provider)
  await t.app.pool.query(addIdentity, [id, ...rest])
  return String(id)
}

export const addIdentity = `
  insert into oauth_identities (id, user_id, provider, issuer, subject, is_vouched, made_user, created_at, last_used_at)
  select $1, id, $3, 'https://issuer.example', $4, email_verified_at is not null, false, $5, $5 from users where id = $2`

export function identityOf(t: TestApp, userId: string, provider: Provider): unknown[] {
  return [randomUUID(), userId, provider, randomUUID(), t.app.now()]
}

/** How many identities somebody has. */
export async function identitiesOf(t: TestApp, { userId }: Pick<Person, 'userId'>): Promise<number> {
  const { rows } = await t.app.pool.query('select from oauth_identities where user_id = $1', [userId])
  return rows.length
}
