import { NumberInput } from '@mantine/core'
import { useWords } from '../words/words.ts'

interface SeatsFieldProps {
  /** As many as are taken: fewer cannot be had. */
  least: number
  /** What it is without anybody asking. */
  usual: number
  /** What was asked for; null, and the seats follow the members. */
  asked: number | null
  onAsk: (seats: number | null) => void
  fault?: string | null
}

/** How many seats to pay for. At the usual number nothing is asked for, so that seats go on following the members. */
export function SeatsField({ least, usual, asked, onAsk, fault = null }: SeatsFieldProps) {
  const { words, locale } = useWords()
  return (
    <NumberInput
      label={words.billing.seatsWanted}
      description={words.billing.seatsLeast(new Intl.NumberFormat(locale).format(least))}
      min={Math.max(1, least)}
      max={100_000}
      allowDecimal={false}
      clampBehavior="blur"
      value={asked ?? usual}
      error={fault}
      onChange={(value) => {
        if (typeof value === 'number' && value >= 1) onAsk(value === usual ? null : value)
      }}
    />
  )
}
