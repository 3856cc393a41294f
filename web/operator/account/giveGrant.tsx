import { unwrap } from '@frontgate/client'
import { NativeSelect } from '@mantine/core'
import { Act } from '../act.tsx'
import { operatorClient } from '../operatorClient.ts'
import { serviceTime } from '../operatorClock.ts'
import { instantIn, UntilField } from '../untilField.tsx'
import type { Catalogue } from '../useCatalogue.ts'
import { said } from '../words/words.ts'
import { lastTrialEnd } from './rules.ts'
import type { OperatorAccount } from './useAccount.ts'

interface GiveGrantProps {
  source: 'complimentary' | 'trial' | 'override'
  account: OperatorAccount
  catalogue: Catalogue
}

/** Gives an account a plan for a time, or for good. */
export function GiveGrant({ source, account, catalogue }: GiveGrantProps) {
  const texts = said.give[source]
  const isTrial = source === 'trial'
  const plans = catalogue.plans.filter(({ plan }) => plan !== 'free')
  const usual = account.grants.find((grant) => grant.source === 'trial')?.plan
  const now = serviceTime()
  const last = isTrial ? lastTrialEnd(account.grants) : null
  return (
    <Act
      label={texts.label}
      takes={source === 'trial' ? 'support' : 'admin'}
      title={texts.title(account.name)}
      says={texts.says}
      confirm={texts.confirm}
      done={texts.done}
      run={async ({ plan = '', until, reason = '' }) =>
        unwrap(
          await operatorClient.api.POST('/v1/operator/accounts/{id}/grants', {
            params: { path: { id: account.id } },
            body: { source, plan, until: instantIn(until), reason },
          }),
        )
      }
    >
      <NativeSelect
        name="plan"
        label={said.give.plan}
        defaultValue={usual ?? plans[0]?.plan}
        data={plans.map(({ plan, display_name: label }) => ({ value: plan, label }))}
        data-autofocus
      />
      <UntilField
        required={isTrial}
        from={last && last > now ? last : now}
        {...(last && { description: said.give.trialEnds(last.toISOString().slice(0, 16).replace('T', ' ')) })}
        days={isTrial ? [7, 14, 30] : [30, 90, 365]}
      />
    </Act>
  )
}
