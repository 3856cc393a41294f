import type { LeftOut } from './exportFiles.ts'

interface Facts {
  product: string
  whose: 'you' | 'your account'
  leftOut: LeftOut
  at: Date
}

/** What README.txt of an export says before it lists the files. */
export function readmeOf({ product, whose, leftOut, at }: Facts): string {
  const others =
    whose === 'you' ? ' Where others appear in what is yours,\nthey are ids, or the names of accounts.' : ''
  return `What ${product} keeps of ${whose}, as it was at ${at.toISOString()}.

Each file is a list of records in JSON. Times are in UTC (RFC 3339), null is "not known" or "not yet". Ids are ours,
but for those that begin with cus_, sub_, cs_ or price_, which are Stripe's.${others}

Passwords are kept as hashes, and links and sessions as hashes of what opens them. Hashes and keys are not exported,
since they would help only whoever wants to come in as you. Devices are remembered by a cookie in your browser, not here.

Not in here either:
${Object.entries(leftOut)
  .map(([table, reason]) => `- ${table.replaceAll('_', ' ')}: ${reason}`)
  .join('\n')}

The files:
`
}
