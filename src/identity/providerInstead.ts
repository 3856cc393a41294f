import type { Db } from '../db/database.ts'
import { type Problem, problem } from '../problems.ts'
import { type Counted, providersOf } from './identities.ts'
import { nameProviders } from './nameProviders.ts'
import type { UserRecord } from './users.ts'

/** The refusal of a password to somebody who has none and signs in with Google or Microsoft; null for everybody else. */
export async function providerInstead(
  db: Db,
  { id, passwordHash }: Pick<UserRecord, 'id' | 'passwordHash'>,
  counted: Counted,
): Promise<Problem | null> {
  if (passwordHash !== null) return null
  const providers = await providersOf(db, id, counted)
  // Where neither is there, a reset link is the only way in.
  if (providers.length === 0) return null
  const detail = `This user has no password and signs in with ${nameProviders(providers)}. Once signed in, POST /v1/auth/password/first-link mails a link to choose one.`
  return problem('use-oauth-provider', { providers }, { detail })
}
