import { unwrap } from '@frontgate/client'
import { Text } from '@mantine/core'
import { Act } from '../act.tsx'
import { Instant } from '../instant.tsx'
import { Mark, type Tone } from '../mark.tsx'
import { operatorClient } from '../operatorClient.ts'
import { serviceTime } from '../operatorClock.ts'
import { Rows } from '../rows.tsx'
import { Nothing, Section } from '../section.tsx'
import type { Catalogue } from '../useCatalogue.ts'
import { said } from '../words/words.ts'
import { GiveGrant } from './giveGrant.tsx'
import { stateAt } from './rules.ts'
import type { Grant, OperatorAccount } from './useAccount.ts'

const { grants: texts } = said
const tones: Record<ReturnType<typeof stateAt>, Tone> = { coming: 'busy', 'in-force': 'good', over: 'quiet' }

/** Why the account has, had or will have a plan. The highest that counts wins; what Stripe grants ends at Stripe. */
export function Grants({ account, catalogue }: { account: OperatorAccount; catalogue: Catalogue }) {
  const at = serviceTime()
  const nameOf = (plan: string) => catalogue.plans.find((one) => one.plan === plan)?.display_name ?? plan
  return (
    <Section
      title={texts.title}
      lead={texts.lead}
      acts={
        !account.purged_at &&
        (['complimentary', 'trial', 'override'] as const).map((source) => (
          <GiveGrant key={source} source={source} account={account} catalogue={catalogue} />
        ))
      }
    >
      {account.grants.length === 0 ? (
        <Nothing>{texts.none}</Nothing>
      ) : (
        <Rows
          label={texts.title}
          rows={account.grants}
          keyOf={({ id }) => id}
          columns={[
            {
              head: texts.what,
              cell: ({ plan, source }) => (
                <>
                  {nameOf(plan)}{' '}
                  <Text span fz="sm" c="dimmed" fw={400}>
                    {said.sources[source]}
                  </Text>
                </>
              ),
            },
            {
              head: texts.state,
              cell: (grant) => (
                <Mark tone={tones[stateAt(grant, at)]}>{texts.states[stateAt(grant, at)]}</Mark>
              ),
            },
            { head: texts.from, cell: ({ from }) => <Instant at={from} /> },
            { head: texts.until, cell: ({ until }) => (until ? <Instant at={until} /> : texts.forGood) },
            { head: texts.reason, cell: ({ reason }) => reason },
            {
              head: '',
              isAtEnd: true,
              cell: (grant) =>
                grant.source === 'stripe' || stateAt(grant, at) === 'over' ? null : (
                  <EndGrant grant={grant} plan={nameOf(grant.plan)} />
                ),
            },
          ]}
        />
      )}
    </Section>
  )
}

function EndGrant({ grant: { id, source }, plan }: { grant: Grant; plan: string }) {
  return (
    <Act
      label={texts.end}
      takes={source === 'trial' ? 'support' : 'admin'}
      about={`${plan}, ${said.sources[source]}`}
      title={texts.endTitle(plan, said.sources[source])}
      says={texts.endSays}
      done={texts.ended}
      isGrave
      run={async ({ reason = '' }) =>
        unwrap(
          await operatorClient.api.DELETE('/v1/operator/grants/{id}', {
            params: { path: { id } },
            body: { reason },
          }),
        )
      }
    />
  )
}
