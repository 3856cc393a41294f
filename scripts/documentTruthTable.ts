import { sources } from '../src/entitlements/facts.ts'
import { truthTable } from '../src/entitlements/truthTable.ts'

/** docs/truth-table.md. */
export function truthTablePage(): string {
  const rows = truthTable.map(
    ({ statuses, ending, until, reads }) =>
      `| ${statuses.join(', ')} | ${ending === null ? 'either' : ending ? 'set' : 'not set'} | ${until} | ${reads} |`,
  )
  return `# When an account is entitled

<!-- Made from src/entitlements/truthTable.ts by \`npm run generate\`. -->

An account has the highest plan among its grants in force; among equal plans the source that stands first wins:
${sources.map((source) => `\`${source}\``).join(', ')}. Grants are half-open intervals: in force from their first
instant until just before their last. With none in force the plan is \`free\`.

What Stripe says becomes the \`stripe\` grant by this table. A status that is not in it gives no access.

| status at Stripe | \`cancel_at_period_end\` or \`cancel_at\` | access until | |
|---|---|---|---|
${rows.join('\n')}

The allowance is \`PERIOD_END_ALLOWANCE_HOURS\`, the grace \`PAST_DUE_GRACE_DAYS\`. A set end also ends the grace.

Without a subscription the shown status is \`complimentary\` while such a grant is in force, \`trialing\` while a
trial is, \`trial_expired\` after one, and \`none\` otherwise.
`
}
