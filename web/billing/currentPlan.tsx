import { type components, unwrap } from '@frontgate/client'
import { useServiceTime } from '@frontgate/client/react'
import { Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useId, useRef, useState } from 'react'
import { client } from '../client.ts'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { useWords } from '../words/words.ts'
import { AskAdmins } from './askAdmins.tsx'
import { CancelDialog } from './cancelDialog.tsx'
import { ChangeDialog, type Wanted } from './changeDialog.tsx'
import { useUnpaidInvoice } from './invoices.tsx'
import { PortalButton } from './leave.tsx'
import { standingOf } from './standing.ts'
import { useBillingChange } from './useBillingChange.ts'
import { useMayBuy } from './useMayBuy.ts'

type BillingState = components['schemas']['BillingState']
type Plan = components['schemas']['Plan']

const colorOf = { good: 'green', calm: 'gray', pressing: 'orange' }

/** What the account is on, why and until when, and what can be done about that. */
export function CurrentPlan({ state, plans }: { state: BillingState; plans: Plan[] }) {
  const { words, locale } = useWords()
  const at = useServiceTime()()
  const mayBuy = useMayBuy()
  const id = useId()
  const said = useRef<HTMLDivElement>(null)
  const { badge, tone, says } = standingOf(state, { words, locale, plans, at })
  return (
    <Paper component="section" aria-labelledby={id} withBorder radius="lg" p={{ base: 'md', xs: 'lg' }}>
      <Stack gap="md">
        <Group justify="space-between" align="flex-start">
          <Stack gap={0}>
            <Text c="dimmed" fz="sm">
              {words.billing.currentPlan}
            </Text>
            <Title order={2} id={id}>
              {state.plan_billing.display_name}
            </Title>
          </Stack>
          <Badge color={colorOf[tone]} variant="dot" size="lg" tt="none">
            {words.billing.badges[badge] ?? badge}
          </Badge>
        </Group>
        <Stack gap="xs" ref={said} tabIndex={-1} role="status" style={{ outline: 'none' }}>
          {says.map((sentence) => (
            <Text key={sentence}>{sentence}</Text>
          ))}
        </Stack>
        {mayBuy ? <Acts state={state} plans={plans} focus={() => said.current?.focus()} /> : <AskAdmins />}
      </Stack>
    </Paper>
  )
}

function Acts({ state, plans, focus }: { state: BillingState; plans: Plan[]; focus: () => void }) {
  const { words } = useWords()
  const [isCancelling, setCancelling] = useState(false)
  const [wanted, setWanted] = useState<Wanted | null>(null)
  const { status, ends_at, interval, scheduled_change } = state.subscription
  const isAtStripe = state.actions.portal && status !== 'complimentary'
  const isOwed = ['past_due', 'unpaid', 'incomplete'].includes(status)
  const unpaid = useUnpaidInvoice(isAtStripe && isOwed)
  if (!isAtStripe) return null

  const isGoingOn = status === 'active' || (status === 'trialing' && interval !== null)
  const isLive = isGoingOn || ['past_due', 'unpaid', 'paused'].includes(status)
  const plan = plans.find((one) => one.plan === state.plan)
  return (
    <Group gap="sm" align="flex-start">
      {isOwed && unpaid && (
        <Button component="a" href={unpaid}>
          {status === 'incomplete' ? words.billing.confirmPayment : words.billing.payInvoice}
        </Button>
      )}
      {isOwed && (
        <PortalButton flow="payment_method" variant={unpaid ? 'default' : 'filled'}>
          {words.billing.updateCard}
        </PortalButton>
      )}
      {(status === 'paused' || (isLive && ends_at)) && <Resume focus={focus} />}
      {isGoingOn && !ends_at && scheduled_change && plan && interval && (
        <Button variant="default" onClick={() => setWanted({ plan, interval })}>
          {words.billing.callOff(plan.display_name)}
        </Button>
      )}
      {isLive && !ends_at && (
        <Button variant="default" onClick={() => setCancelling(true)}>
          {words.billing.cancel.open}
        </Button>
      )}
      <CancelDialog
        state={state}
        plans={plans}
        opened={isCancelling}
        onClose={(isDone) => {
          setCancelling(false)
          // What opened the dialog is gone by then.
          if (isDone) setTimeout(focus, 300)
        }}
      />
      {wanted && <ChangeDialog state={state} plans={plans} wanted={wanted} onClose={() => setWanted(null)} />}
    </Group>
  )
}

function Resume({ focus }: { focus: () => void }) {
  const { words } = useWords()
  const say = useSayProblem()
  const { mutate, error, isPending } = useBillingChange(async () =>
    unwrap(await client.api.POST('/v1/billing/subscription/resume', { body: {} })),
  )
  return (
    <Stack gap={4} align="flex-start">
      <Button loading={isPending} onClick={() => mutate(undefined, { onSuccess: focus })}>
        {words.billing.resume}
      </Button>
      {error && (
        <Text c="red" fz="sm" role="alert">
          {say(error)}
        </Text>
      )}
    </Stack>
  )
}
