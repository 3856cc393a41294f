import { formatDate, useServiceTime } from '@frontgate/client/react'
import { useWords } from '../words/words.ts'

/** Instants in the words of the reader, as the service's time has them. */
export function useDates(): (instant: string) => string {
  const { locale } = useWords()
  const now = useServiceTime()
  return (instant) => formatDate(instant, now(), locale)
}
