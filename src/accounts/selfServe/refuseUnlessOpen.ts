import type { Config } from '../../config.ts'
import { problem } from '../../problems.ts'
import { maySelfServe, type Openings, type Stranger } from './rules.ts'

/** Throws `self-serve-disabled`, with the way to sales, unless somebody may create an account. Every way to one asks here. */
export function refuseUnlessOpen(
  { salesUrl }: Pick<Config, 'salesUrl'>,
  openings: Openings | null,
  who: Stranger,
): void {
  if (!maySelfServe(openings, who)) throw problem('self-serve-disabled', { sales_url: salesUrl })
}
