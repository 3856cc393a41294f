import type { components } from '@frontgate/client'
import { Button, Progress, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useWords } from '../words/words.ts'
import { ChangeDialog } from './changeDialog.tsx'
import { isGoingOn } from './planCards.tsx'
import { Section } from './section.tsx'
import { useMayBuy } from './useMayBuy.ts'

interface SeatsProps {
  state: components['schemas']['BillingState']
  plans: components['schemas']['Plan'][]
}

/** Who takes how many seats of those that are paid for. */
export function Seats({ state, plans }: SeatsProps) {
  const { words, locale } = useWords()
  const mayBuy = useMayBuy()
  const [isOpen, setOpen] = useState(false)
  const { seats, interval, ends_at, status } = state.subscription
  const { purchased, used, pending } = seats
  const plan = plans.find((one) => one.plan === state.plan)
  const write = (amount: number) => new Intl.NumberFormat(locale).format(amount)
  const mayChange =
    mayBuy && plan && interval && isGoingOn(state) && !ends_at && ['active', 'trialing'].includes(status)
  const taken =
    purchased === null
      ? words.billing.seatsUsedOpen(write(used))
      : words.billing.seatsUsed(write(used), write(purchased))
  return (
    <Section
      title={words.billing.seats}
      lead={words.billing.seatsLead}
      beside={
        mayChange && (
          <Button variant="default" onClick={() => setOpen(true)}>
            {words.billing.changeSeats}
          </Button>
        )
      }
    >
      <Stack gap={6}>
        <Text fw={600}>{taken}</Text>
        {purchased !== null && (
          <Progress value={Math.min(100, (100 * used) / Math.max(1, purchased))} aria-label={taken} />
        )}
        {pending > 0 && <Text c="dimmed">{words.billing.seatsPending(pending)}</Text>}
      </Stack>
      {isOpen && mayChange && (
        <ChangeDialog
          state={state}
          plans={plans}
          wanted={{ plan, interval }}
          onClose={() => setOpen(false)}
        />
      )}
    </Section>
  )
}
