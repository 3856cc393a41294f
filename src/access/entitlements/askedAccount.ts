import type { App } from '../../app.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { AccountFacts } from '../../entitlements/facts.ts'
import type { MemberActor, ProductKeyActor } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import type { Access } from '../access.ts'
import { graceEndOf } from '../rules.ts'
import type { UserFacts } from '../snapshot.ts'

/** Whose entitlements a call is about, and all that decides about them. */
export interface AskedAccount {
  accountId: string
  facts: AccountFacts
  catalogue: Catalogue
  /** The member who asks; null for a product's server. */
  user: UserFacts | null
}

/** How an account is asked about. */
interface Asking {
  /** Where the reply shows usage it is as it is now, else as the authoriser saw it. */
  now: boolean
  /** Where in the request the account is named. */
  pointer?: string
}

/**
 * The account that a caller asks about: a member's own, whether it is named or not; whichever open one a product key
 * names. 422 when a key names none, 404 for one that is unknown, closed or not the member's.
 */
export async function askedAccount(
  access: Access,
  actor: MemberActor | ProductKeyActor,
  named: string | undefined,
  { now, pointer = '#/account_id' }: Asking,
): Promise<AskedAccount> {
  const accountId = named?.toLowerCase()
  if (actor.kind === 'product-key') {
    if (accountId === undefined)
      refuse(pointer, 'is missing: with a product key it says which account is meant')
    const facts = await access.openAccount(accountId, { withUsage: now })
    if (!facts) throw problem('not-found')
    return { accountId, facts, catalogue: await access.catalogueOf(facts), user: null }
  }
  if (accountId !== undefined && accountId !== actor.accountId) throw problem('not-found')
  const snapshot = now ? await access.snapshotNow(actor) : access.snapshotOf(actor)
  const { facts, user } = snapshot
  if (!facts) throw problem('forbidden')
  return { accountId: actor.accountId, facts, catalogue: await access.catalogueOf(snapshot), user }
}

/** Refuses the input of a call. */
export function refuse(pointer: string, detail: string): never {
  throw problem('invalid-request', { errors: [{ pointer, detail }] })
}

/** When the grace of whoever asks for themselves was over, if it is; null for who may go on. */
export function lockedSince(
  { user }: Pick<AskedAccount, 'user'>,
  { config }: Pick<App, 'config'>,
  at: Date,
): Date | null {
  const graceEnd = user && graceEndOf(user, config)
  return graceEnd && graceEnd <= at ? graceEnd : null
}
