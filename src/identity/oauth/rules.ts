const DEFAULT_PLACE = '/account'

/**
 * Where somebody who came back from a provider goes on: a page of ours as its path, or a place at one of the origins
 * that are allowed. Null for everywhere else, since a link to us that ends elsewhere lends our name to strangers.
 */
export function placeToReturn(
  given: string | undefined,
  { publicUrl, productOrigins }: { publicUrl: string; productOrigins: readonly string[] },
): string | null {
  if (given === undefined) return DEFAULT_PLACE
  // Browsers drop control characters from addresses and turn backslashes around.
  if (/[\\\p{Cc}]/u.test(given)) return null
  const url = URL.parse(given, publicUrl)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return null
  if (productOrigins.includes(url.origin)) return url.href
  return url.origin === publicUrl && isPage(url.pathname) ? url.pathname + url.search + url.hash : null
}

/** Pages, not operations; and no path that, as a relative address, would begin with a host. */
function isPage(path: string): boolean {
  try {
    return !path.startsWith('//') && !decodeURIComponent(path).startsWith('/v1/')
  } catch {
    return false
  }
}

/** A user as far as it matters who may come in as them. */
export interface Candidate {
  id: string
  email: string
  emailVerifiedAt: Date | null
}

export interface EntryFacts<U extends Candidate> {
  /** Whose identity this is already. */
  owner: U | null
  /** Who has the address that the provider names. */
  addressed: U | null
  /** That address in our form; null when there is none to mail to. */
  email: string | null
  emailVerified: boolean
  /** Whether this browser has been signed in as whoever has the address. */
  isTheirBrowser: boolean
}

/** What becomes of somebody who has proved an identity and is not signed in. */
export type Entry<U extends Candidate> =
  /** They are known by the identity, whatever their address says today. */
  | { kind: 'known'; user: U; provesMailbox: boolean }
  /** Both sides have proved the one mailbox: one person. */
  | { kind: 'join'; user: U }
  /** They proved the mailbox of a user who never did, from a browser of that user: one person, who keeps the account. */
  | { kind: 'take-over'; user: U }
  /** Somebody new; `squatter` has typed their address here before, and never proved it. */
  | { kind: 'create'; email: string; squatter: U | null }
  /** The address is somebody's here, and nothing proves that it is theirs: an address alone opens nothing. */
  | { kind: 'address-taken' }
  | { kind: 'no-address' }

/** Decides who comes in by an identity. Only the identity itself and mailboxes proved on both sides count. */
export function decideEntry<U extends Candidate>(facts: EntryFacts<U>): Entry<U> {
  const { owner, addressed, email, emailVerified, isTheirBrowser } = facts
  if (owner) {
    const provesMailbox = emailVerified && email === owner.email && owner.emailVerifiedAt === null
    return { kind: 'known', user: owner, provesMailbox }
  }
  if (email === null) return { kind: 'no-address' }
  if (!addressed) return { kind: 'create', email, squatter: null }
  if (!emailVerified) return { kind: 'address-taken' }
  if (addressed.emailVerifiedAt) return { kind: 'join', user: addressed }
  return isTheirBrowser
    ? { kind: 'take-over', user: addressed }
    : { kind: 'create', email, squatter: addressed }
}
