import { type components, unwrap } from '@frontgate/client'
import { Paper, SegmentedControl, SimpleGrid, Skeleton, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { BarChart } from '../shell/barChart.tsx'
import { Failed } from '../shell/failed.tsx'
import { useWords } from '../words/words.ts'
import { Heading } from './heading.tsx'
import { operatorClient } from './operatorClient.ts'
import { Section } from './section.tsx'
import { said } from './words/words.ts'

type Figures = components['schemas']['Figures']
type Per = Figures['per']
type Counted = Exclude<keyof Figures['data'][number], 'start'>
const { figures: texts } = said
const totals = ['accounts', 'paying', 'trialing', 'complimentary', 'past_due'] as const

/** What is drawn together, and in which colors. */
const charts: { name: keyof typeof texts.charts; series: { counted: Counted; color: string }[] }[] = [
  { name: 'signUps', series: [{ counted: 'sign_ups', color: 'accent' }] },
  {
    name: 'trials',
    series: [
      { counted: 'trials_started', color: 'accent' },
      { counted: 'trials_converted', color: 'teal' },
      { counted: 'trials_ended', color: 'gray' },
    ],
  },
  {
    name: 'subscriptions',
    series: [
      { counted: 'subscriptions_started', color: 'teal' },
      { counted: 'subscriptions_ended', color: 'red' },
    ],
  },
]

/** How many accounts there are, and how sign-ups, trials and subscriptions go. */
export function FiguresPage() {
  const { locale } = useWords()
  const [per, setPer] = useState<Per>('day')
  const { data, error, refetch } = useQuery({
    queryKey: ['operator', 'figures', per],
    queryFn: async () =>
      unwrap(await operatorClient.api.GET('/v1/operator/figures', { params: { query: { per } } })),
    placeholderData: keepPreviousData,
  })
  const number = new Intl.NumberFormat(locale)
  if (error && !data) return <Failed error={error} reset={() => void refetch()} />
  return (
    <>
      <Heading title={said.places.figures} lead={texts.lead}>
        <SegmentedControl
          aria-label={texts.per}
          value={per}
          onChange={(value) => setPer(value as Per)}
          data={(['day', 'week', 'month'] as const).map((value) => ({ value, label: texts.pers[value] }))}
        />
      </Heading>
      <SimpleGrid cols={{ base: 2, sm: 3, md: 5 }} component="dl" m={0}>
        {totals.map((name) => (
          <Paper key={name} withBorder p="md">
            <Text component="dt" fz="sm" c="dimmed">
              {texts.totals[name]}
            </Text>
            <Text component="dd" m={0} fz={28} fw={650} data-figures>
              {data ? number.format(data.totals[name]) : <Skeleton h={36} w={60} my={4} />}
            </Text>
          </Paper>
        ))}
      </SimpleGrid>
      {charts.map(({ name, series }) => (
        <Section
          key={name}
          title={texts.charts[name]}
          lead={data && series.map(({ counted }) => sumOf(data, counted, number)).join(' · ')}
        >
          {data ? (
            <BarChart
              label={texts.charts[name]}
              series={series.map(({ counted, color }) => ({ name: texts.counted[counted], color }))}
              data={data.data.map((figures) => ({
                label: labelOf(figures.start, data.per, locale),
                values: series.map(({ counted }) => figures[counted]),
              }))}
            />
          ) : (
            <Skeleton h={220} />
          )}
        </Section>
      ))}
    </>
  )
}

function sumOf({ data }: Figures, counted: Counted, number: Intl.NumberFormat): string {
  const sum = data.reduce((before, figures) => before + figures[counted], 0)
  return `${texts.counted[counted]}: ${number.format(sum)}`
}

function labelOf(start: string, per: Per, locale: string): string {
  const options = per === 'month' ? { month: 'short', year: '2-digit' } : { day: 'numeric', month: 'short' }
  return new Intl.DateTimeFormat(locale, { ...(options as object), timeZone: 'UTC' }).format(new Date(start))
}
