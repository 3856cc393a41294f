import { SegmentedControl } from '@mantine/core'
import { useWords } from '../words/words.ts'

type Interval = 'month' | 'year'

/** By the month or by the year. */
export function IntervalField({ value, onChange }: { value: Interval; onChange: (value: Interval) => void }) {
  const { words } = useWords()
  return (
    <SegmentedControl
      aria-label={words.billing.interval}
      value={value}
      onChange={(chosen) => onChange(chosen as Interval)}
      data={[
        { value: 'month', label: words.billing.monthly },
        { value: 'year', label: words.billing.yearly },
      ]}
    />
  )
}
