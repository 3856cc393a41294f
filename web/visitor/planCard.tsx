import type { components } from '@frontgate/client'
import { chooseLanguage, formatLimit, formatMoney, type Interval, nameInWords } from '@frontgate/client/react'
import { Group, List, Paper, Stack, Text, ThemeIcon, Title, VisuallyHidden } from '@mantine/core'
import { IconCheck, IconMinus } from '@tabler/icons-react'
import { useId } from 'react'
import { settings } from '../settings.ts'
import { useWords } from '../words/words.ts'
import { carriedOn } from './carriedOn.ts'
import { LinkButton } from './linkButton.tsx'
import { SalesLink } from './salesLink.tsx'

type Plan = components['schemas']['Plan']

interface PlanCardProps {
  plan: Plan
  interval: Interval
  /** Whether its button stands out. */
  isMain: boolean
}

/** A plan: what it costs, how to get it, and what it has. */
export function PlanCard({ plan, interval, isMain }: PlanCardProps) {
  const titleId = useId()
  const by = intervalOf(plan, interval)
  return (
    <Paper
      component="li"
      withBorder
      radius="lg"
      p="lg"
      shadow={isMain ? 'md' : 'xs'}
      aria-labelledby={titleId}
      style={isMain ? { borderColor: 'var(--mantine-primary-color-filled)' } : {}}
    >
      <Stack gap="md" h="100%">
        <Stack gap={4}>
          <Title order={2} id={titleId}>
            {plan.display_name}
          </Title>
          <Text c="dimmed" fz="sm" mih={42}>
            {plan.description}
          </Text>
        </Stack>
        <Price plan={plan} interval={by} />
        <WayIn plan={plan} interval={by} isMain={isMain} />
        <Limits plan={plan} />
        <Features plan={plan} />
      </Stack>
    </Paper>
  )
}

/** What a plan can be paid by, which is what is wished for where there is a price for it. */
function intervalOf({ month, year }: Plan, wished: Interval): Interval {
  if (wished === 'year') return year === null ? 'month' : 'year'
  return month === null ? 'year' : 'month'
}

function Price({ plan, interval }: { plan: Plan; interval: Interval }) {
  const { words, locale } = useWords()
  const { pricing } = words.visitor
  const amount = plan[interval]
  const { currency } = plan
  if (plan.contact_sales) return <PriceLines price={pricing.byAgreement} below={pricing.byAgreementLead} />
  if (amount === null || currency === null)
    return <PriceLines price={pricing.free} below={pricing.freeLead} />
  const per = plan.per_seat
    ? { month: pricing.perSeatAndMonth, year: pricing.perSeatAndYear }
    : { month: pricing.perMonth, year: pricing.perYear }
  const monthly = formatMoney(Math.ceil(amount / 12), currency, locale)
  return (
    <PriceLines
      price={formatMoney(amount, currency, locale)}
      per={per[interval]}
      below={interval === 'year' ? pricing.comesTo(monthly) : null}
    />
  )
}

function PriceLines({ price, per, below }: { price: string; per?: string; below: string | null }) {
  return (
    <Stack gap={2}>
      <Group gap={6} align="baseline" mih={40}>
        <Text span fz={30} fw={650} lh={1.2} data-figures>
          {price}
        </Text>
        {per && (
          <Text span c="dimmed" fz="sm">
            {per}
          </Text>
        )}
      </Group>
      <Text c="dimmed" fz="sm" mih={22}>
        {below}
      </Text>
    </Stack>
  )
}

function WayIn({ plan, interval, isMain }: PlanCardProps) {
  const { words } = useWords()
  const { pricing, signUp } = words.visitor
  const variant = isMain ? 'filled' : 'default'
  if (plan.contact_sales || !settings.self_serve_enabled)
    return <SalesLink plan={plan.plan} source="pricing" variant={variant} />
  const isPaid = plan.month !== null || plan.year !== null
  const { return_to } = carriedOn()
  const search = { ...(return_to && { return_to }), ...(isPaid && { plan: plan.plan, interval }) }
  const says = isPaid ? (settings.trial_days > 0 ? pricing.startTrial : signUp.submit) : pricing.startFree
  return (
    <LinkButton to="/sign-up" search={search} variant={variant} aria-label={`${says}: ${plan.display_name}`}>
      {says}
    </LinkButton>
  )
}

function Limits({ plan }: { plan: Plan }) {
  const { words, locale } = useWords()
  const { pricing } = words.visitor
  const names = Object.keys(plan.limits)
  if (names.length === 0) return null
  const own: Record<string, string> = { members: pricing.members }
  return (
    <Stack component="dl" gap={6} m={0} fz="sm">
      {names.map((name) => (
        <Group key={name} justify="space-between" gap="sm" wrap="nowrap" align="baseline">
          <Text component="dt" inherit c="dimmed">
            {own[name] ?? nameInWords(name)}
          </Text>
          <Text component="dd" inherit m={0} ta="right" fw={500} data-figures>
            {formatLimit(plan.limits[name] ?? null, chooseLanguage([locale]))}
          </Text>
        </Group>
      ))}
    </Stack>
  )
}

function Features({ plan }: { plan: Plan }) {
  const { words } = useWords()
  const { pricing } = words.visitor
  const features = Object.entries(plan.features)
  if (features.length === 0) return null
  return (
    <List spacing={6} fz="sm" center listStyleType="none">
      {features.map(([name, isOn]) => (
        <List.Item
          key={name}
          icon={
            <ThemeIcon size={20} radius="xl" variant="light" color={isOn ? 'teal' : 'gray'}>
              {isOn ? <IconCheck size={13} aria-hidden /> : <IconMinus size={13} aria-hidden />}
            </ThemeIcon>
          }
        >
          <Text span inherit {...(!isOn && { c: 'dimmed' })}>
            {nameInWords(name)}
          </Text>
          <VisuallyHidden>: {isOn ? pricing.included : pricing.notIncluded}</VisuallyHidden>
        </List.Item>
      ))}
    </List>
  )
}
