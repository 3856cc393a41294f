import type { components } from '@frontgate/client'
import { formatShare, type Interval, yearlySaving } from '@frontgate/client/react'
import { Center, SegmentedControl, Text } from '@mantine/core'
import { useWords } from '../words/words.ts'

interface IntervalSwitchProps {
  plans: components['schemas']['Plan'][]
  interval: Interval
  setInterval: (interval: Interval) => void
}

/** By the month or by the year, and what the year saves; nothing where no plan is sold by both. */
export function IntervalSwitch({ plans, interval, setInterval }: IntervalSwitchProps) {
  const { words, locale } = useWords()
  const { pricing } = words.visitor
  if (!plans.some(({ month, year }) => month !== null && year !== null)) return null
  const savings = plans.filter(({ month }) => month).map(yearlySaving)
  const most = Math.max(...savings)
  const share = formatShare(most, locale)
  const saving = savings.every((saving) => saving === most) ? pricing.save(share) : pricing.saveUpTo(share)
  const yearly = (
    <>
      {pricing.yearly}
      {most > 0 && (
        <Text span inherit fw={600} c="light-dark(var(--mantine-color-teal-9), var(--mantine-color-teal-3))">
          {' '}
          {saving}
        </Text>
      )}
    </>
  )
  return (
    <Center>
      <SegmentedControl
        aria-label={pricing.billedBy}
        value={interval}
        onChange={(value) => setInterval(value as Interval)}
        data={[
          { value: 'month', label: pricing.monthly },
          { value: 'year', label: yearly },
        ]}
      />
    </Center>
  )
}
