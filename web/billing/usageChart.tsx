import { unwrap } from '@frontgate/client'
import { Skeleton, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { client } from '../client.ts'
import { BarChart } from '../shell/barChart.tsx'
import { Failed } from '../shell/failed.tsx'
import { useWords } from '../words/words.ts'
import { useNameLimit } from './useNameLimit.ts'

const PERIODS = 12

/** What was used of a limit in the latest periods, the current one last. */
export function UsageChart({ limit }: { limit: string }) {
  const { words, locale } = useWords()
  const nameLimit = useNameLimit()
  const { data, error, refetch } = useQuery({
    queryKey: ['usage', limit],
    queryFn: async () => {
      const query = { limit, periods: PERIODS }
      return unwrap(await client.api.GET('/v1/accounts/me/usage', { params: { query } }))
    },
  })
  if (error) return <Failed error={error} reset={() => void refetch()} />
  if (!data) return <Skeleton h={220} />
  const said = words.billing.usage
  const total = data.data.reduce((sum, { used }) => sum + used, 0)
  const label = said.chart(nameLimit(limit), new Intl.NumberFormat(locale).format(total))
  // Months of the calendar have a name, those of billing a day on which they begin. Both are in UTC.
  const isCalendar = data.data.every(({ start }) => start.slice(8, 10) === '01')
  const write = new Intl.DateTimeFormat(locale, {
    timeZone: 'UTC',
    month: 'short',
    ...(isCalendar ? { year: '2-digit' } : { day: 'numeric' }),
  })
  if (total === 0) return <Text c="dimmed">{said.none}</Text>
  return (
    <BarChart
      data={data.data.map(({ start, used }) => ({ label: write.format(new Date(start)), values: [used] }))}
      series={[{ name: said.used, color: 'accent' }]}
      label={label}
    />
  )
}
