import { chooseLanguage, formatLimit, nameInWords } from '@frontgate/client/react'
import { Group, Text } from '@mantine/core'
import { useWords } from '../../words/words.ts'
import { Instant } from '../instant.tsx'
import { serviceTime } from '../operatorClock.ts'
import { Rows } from '../rows.tsx'
import { Section } from '../section.tsx'
import type { Catalogue } from '../useCatalogue.ts'
import { said } from '../words/words.ts'
import { ClearOverride } from './clearOverride.tsx'
import { stateAt } from './rules.ts'
import { SetOverride } from './setOverride.tsx'
import type { OperatorAccount } from './useAccount.ts'

const { overrides: texts } = said

/** What the account may do by its plan, and what it has of its own in place of that. */
export function Overrides({ account, catalogue }: { account: OperatorAccount; catalogue: Catalogue }) {
  const { locale } = useWords()
  const plan = catalogue.plans.find((one) => one.plan === account.plan)
  const at = serviceTime()
  const limitNames = [...new Set(catalogue.plans.flatMap(({ limits }) => Object.keys(limits)))]
  const say = (value: boolean | number | null | undefined | object) => {
    if (value === undefined) return '–'
    if (typeof value === 'boolean') return value ? texts.on : texts.off
    return formatLimit(value as number | null, chooseLanguage([locale]))
  }
  const rows = [
    ...catalogue.features.map(({ name, enabled }) => ({
      kind: 'feature' as const,
      name,
      byPlan: enabled ? plan?.features[name] : false,
      own: account.features.find((one) => one.name === name),
    })),
    ...limitNames.map((name) => ({
      kind: 'limit' as const,
      name,
      byPlan: plan?.limits[name],
      own: account.limits.find((one) => one.name === name),
    })),
  ]
  return (
    <Section title={texts.title} lead={texts.lead}>
      <Rows
        label={texts.title}
        rows={rows}
        keyOf={({ kind, name }) => `${kind} ${name}`}
        columns={[
          {
            head: texts.name,
            cell: ({ kind, name }) => (
              <>
                {nameInWords(name)}{' '}
                <Text span fz="sm" c="dimmed" fw={400}>
                  {texts.kinds[kind]}
                </Text>
              </>
            ),
          },
          { head: texts.byPlan, cell: ({ byPlan }) => say(byPlan) },
          {
            head: texts.own,
            cell: ({ own }) =>
              own ? (
                <Text span inherit fw={600} td={stateAt(own, at) === 'over' ? 'line-through' : undefined}>
                  {say(own.value)}
                </Text>
              ) : null,
          },
          {
            head: texts.until,
            cell: ({ own }) => (own ? own.until ? <Instant at={own.until} /> : texts.forGood : null),
          },
          { head: texts.reason, cell: ({ own }) => own?.reason ?? null },
          {
            head: '',
            isAtEnd: true,
            cell: ({ kind, name, own }) => (
              <Group gap={6} justify="flex-end" wrap="nowrap">
                {own && <ClearOverride accountId={account.id} kind={kind} name={name} />}
                {!account.purged_at && (
                  <SetOverride accountId={account.id} kind={kind} name={name} value={own?.value} />
                )}
              </Group>
            ),
          },
        ]}
      />
    </Section>
  )
}
