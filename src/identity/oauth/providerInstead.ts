import type { Db } from '../../db/database.ts'
import type { Oidc } from '../../oidc/openOidc.ts'
import { nameProviders } from '../../oidc/rules.ts'
import { type Problem, problem } from '../../problems.ts'
import type { UserRecord } from '../users.ts'
import { providersIn, type WayIn, waysIn } from './identities.ts'

/**
 * The refusal of a password to somebody who has none and signs in with Google or Microsoft; null for everybody else, and
 * where no identity `counts`.
 */
export async function providerInstead(
  db: Db,
  oidc: Pick<Oidc, 'providers'>,
  { id, passwordHash }: Pick<UserRecord, 'id' | 'passwordHash'>,
  counts: (way: WayIn) => boolean = () => true,
): Promise<Problem | null> {
  if (passwordHash !== null) return null
  const providers = providersIn((await waysIn(db, oidc, id)).filter(counts))
  // Where neither is there, a reset link is the only way in.
  if (providers.length === 0) return null
  const detail = `This user has no password and signs in with ${nameProviders(providers)}. Once signed in, POST /v1/auth/password/first-link mails a link to choose one.`
  return problem('use-oauth-provider', { providers }, { detail })
}
