import { Text } from '@mantine/core'
import { useWords } from '../words/words.ts'

/** An instant in UTC, as logs and Stripe have it; the reader's own time is in the tooltip. */
export function Instant({ at }: { at: string }) {
  const { locale } = useWords()
  const date = new Date(at)
  const write = (timeZone?: string) =>
    new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(date)
  const local = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' }).format(date)
  return (
    <Text component="time" dateTime={at} title={local} inherit style={{ whiteSpace: 'nowrap' }}>
      {write('UTC')} UTC
    </Text>
  )
}
