/** Who may create accounts while strangers may not: whoever has an address at one of the domains, and a share of all visitors. */
export interface Openings {
  domains: readonly string[]
  /** Of a hundred. */
  share: number
}

/** Somebody who wants to create an account. */
export interface Stranger {
  /** As it is stored; null while nobody has said it. */
  email: string | null
  /** Where their browser is among a hundred; null for one that is not marked. */
  bucket: number | null
}

/** Whether somebody may create an account. Null for openings is that everybody may. */
export function maySelfServe(openings: Openings | null, { email, bucket }: Stranger): boolean {
  if (openings === null || openings.share >= 100) return true
  const domain = email?.slice(email.lastIndexOf('@') + 1)
  if (domain !== undefined && openings.domains.includes(domain)) return true
  return bucket !== null && bucket < openings.share
}

/** Whether it matters which visitor somebody is: only then are browsers marked. */
export function tellsVisitorsApart(openings: Openings | null): boolean {
  return openings !== null && openings.share > 0 && openings.share < 100
}

/** Where a visitor is among a hundred, from the hash of what marks them: the same for ever, so that a larger share holds the smaller one. */
export function bucketOf(hash: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = hash
  return ((((a * 256 + b) * 256 + c) * 256 + d) / 2 ** 32) * 100
}
