import { type components, FrontgateProblem, unwrap } from '@frontgate/client'
import { formatDate, useBillingState, useServiceTime } from '@frontgate/client/react'
import { Button, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import { IconCheck, IconClock, IconCreditCard, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { client, queries } from '../client.ts'
import { productName, productUrl } from '../settings.ts'
import { Failed } from '../shell/failed.tsx'
import { Loading } from '../shell/loading.tsx'
import { useTitle } from '../shell/useTitle.ts'
import { useWords } from '../words/words.ts'
import { useUnpaidInvoice } from './invoices.tsx'
import { PortalButton } from './leave.tsx'
import { outcomeOf } from './outcome.ts'

/** Where Stripe sends buyers back to: says what came of it at once, however often it is opened. */
export function ReturnPage() {
  const asked = new URLSearchParams(location.search)
  const session = asked.get('session_id')
  if (session) return <Settled session={session} />
  return <Canceled plan={asked.get('canceled')} interval={asked.get('interval')} />
}

function Settled({ session }: { session: string }) {
  const { words } = useWords()
  const { refresh } = useBillingState()
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ['checkout', session],
    queryFn: async () => {
      const params = { path: { id: session } }
      const state = unwrap(
        await client.api.POST('/v1/billing/checkout-session/{id}/sync', { params, body: {} }),
      )
      await Promise.all([refresh(), queries.invalidateQueries({ queryKey: ['invoices'] })])
      return state
    },
    retry: false,
    refetchOnWindowFocus: false,
  })
  if (data) return <Outcome state={data} again={() => void refetch()} isLooking={isFetching} />
  if (error instanceof FrontgateProblem && error.code === 'not-found') {
    const { unknown, unknownLead } = words.billing.back
    return (
      <Said icon={<IconX />} color="gray" title={unknown} lead={unknownLead}>
        <ToBilling isMain />
      </Said>
    )
  }
  if (error) return <Failed error={error} reset={() => void refetch()} />
  return (
    <>
      <Text ta="center" c="dimmed" role="status">
        {words.billing.back.looking}
      </Text>
      <Loading />
    </>
  )
}

interface OutcomeProps {
  state: components['schemas']['BillingState']
  again: () => void
  isLooking: boolean
}

function Outcome({ state, again, isLooking }: OutcomeProps) {
  const { words, locale } = useWords()
  const at = useServiceTime()()
  const outcome = outcomeOf(state)
  const isOpen = outcome === 'incomplete' || outcome === 'failed'
  const unpaid = useUnpaidInvoice(isOpen)
  const said = words.billing.back
  const plan = state.plan_billing.display_name
  const { trial_ends_at, status } = state.subscription
  switch (outcome) {
    case 'paid':
      return (
        <Said
          icon={<IconCheck />}
          color="green"
          title={said.paid}
          lead={
            status === 'trialing' && trial_ends_at
              ? said.trialLead(plan, formatDate(trial_ends_at, at, locale))
              : said.paidLead(plan)
          }
        >
          {productUrl && (
            <Button component="a" href={productUrl} fullWidth>
              {said.toProduct(productName)}
            </Button>
          )}
          <ToBilling isMain={!productUrl} />
        </Said>
      )
    case 'incomplete':
    case 'failed':
      return (
        <Said
          icon={<IconCreditCard />}
          color="orange"
          title={said[outcome]}
          lead={outcome === 'incomplete' ? said.incompleteLead : said.failedLead}
        >
          {unpaid && (
            <Button component="a" href={unpaid} fullWidth>
              {outcome === 'incomplete' ? words.billing.confirmPayment : words.billing.payInvoice}
            </Button>
          )}
          {outcome === 'failed' && (
            <PortalButton flow="payment_method" variant="default">
              {words.billing.updateCard}
            </PortalButton>
          )}
          <ToBilling />
        </Said>
      )
    case 'processing':
      return (
        <Said icon={<IconClock />} color="gray" title={said.processing} lead={said.processingLead}>
          <Button fullWidth loading={isLooking} onClick={again}>
            {said.lookAgain}
          </Button>
          <ToBilling />
        </Said>
      )
    case 'nothing':
      return <Canceled plan={null} interval={null} />
  }
}

function Canceled({ plan, interval }: { plan: string | null; interval: string | null }) {
  const { words } = useWords()
  const said = words.billing.back
  const search = plan ? `?${new URLSearchParams({ plan, interval: interval ?? 'month' })}` : ''
  return (
    <Said icon={<IconX />} color="gray" title={said.canceled} lead={said.canceledLead}>
      <Button component="a" href={`/billing${search}`} fullWidth>
        {said.tryAgain}
      </Button>
      <ToBilling />
    </Said>
  )
}

interface SaidProps {
  icon: ReactNode
  color: string
  title: string
  lead: string
  children: ReactNode
}

function Said({ icon, color, title, lead, children }: SaidProps) {
  useTitle(title)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <Paper withBorder radius="lg" p={{ base: 'lg', xs: 'xl' }} maw={480} w="100%" mx="auto" mt="xl">
      <Stack align="center" gap="lg">
        <ThemeIcon color={color} variant="light" size={56} radius="xl" aria-hidden>
          {icon}
        </ThemeIcon>
        <Stack gap="xs" align="center" ta="center">
          <Title order={1} ref={heading} tabIndex={-1} style={{ outline: 'none' }}>
            {title}
          </Title>
          <Text c="dimmed">{lead}</Text>
        </Stack>
        <Stack gap="xs" w="100%" align="center">
          {children}
        </Stack>
      </Stack>
    </Paper>
  )
}

function ToBilling({ isMain = false }: { isMain?: boolean }) {
  const { words } = useWords()
  return (
    <Button component={Link} to="/billing" fullWidth variant={isMain ? 'filled' : 'subtle'}>
      {words.billing.back.toBilling}
    </Button>
  )
}
