import { Box, Group, Table, Text } from '@mantine/core'
import { Bar, CartesianGrid, BarChart as Chart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { useWords } from '../words/words.ts'

export interface BarChartProps {
  /** From left to right; `values` are in the order of `series`. */
  data: { label: string; values: number[] }[]
  /** What is counted; `color` is a colour of the theme's, such as `accent` or `teal`. */
  series: { name: string; color: string }[]
  /** What the chart shows, for those who cannot see it; it is the caption of the table that they read instead. */
  label: string
  height?: number
}

/** The seventh shade on a light ground, the fifth on a dark one. */
const fillOf = (color: string) =>
  `light-dark(var(--mantine-color-${color}-6), var(--mantine-color-${color}-4))`

/** Bars that stand beside each other, with a legend where there are several kinds. Heavy: import it lazily. */
export function BarChart({ data, series, label, height = 220 }: BarChartProps) {
  const { locale } = useWords()
  const write = (value: number) => new Intl.NumberFormat(locale).format(value)
  const writeShort = (value: number) => new Intl.NumberFormat(locale, { notation: 'compact' }).format(value)
  const axis = {
    tick: { fill: 'var(--mantine-color-dimmed)', fontSize: 12 },
    tickLine: false,
    axisLine: false,
  }
  return (
    <Box component="figure" m={0}>
      <div aria-hidden>
        <ResponsiveContainer width="100%" height={height}>
          <Chart data={data} accessibilityLayer={false} margin={{ top: 8, right: 0, bottom: 0, left: 0 }}>
            <CartesianGrid vertical={false} stroke="var(--mantine-color-default-border)" />
            <XAxis dataKey="label" {...axis} minTickGap={12} />
            <YAxis {...axis} allowDecimals={false} width="auto" tickFormatter={writeShort} />
            <Tooltip
              cursor={{ fill: 'var(--mantine-color-default-hover)' }}
              formatter={(value, name) => [write(Number(value)), name]}
              isAnimationActive={false}
              contentStyle={{
                background: 'var(--mantine-color-body)',
                border: '1px solid var(--mantine-color-default-border)',
                borderRadius: 'var(--mantine-radius-md)',
              }}
              itemStyle={{ color: 'var(--mantine-color-text)' }}
            />
            {series.map(({ name, color }, at) => (
              <Bar
                key={name}
                name={name}
                dataKey={(entry: BarChartProps['data'][number]) => entry.values[at] ?? 0}
                fill={fillOf(color)}
                radius={[3, 3, 0, 0]}
                maxBarSize={44}
                isAnimationActive={false}
              />
            ))}
          </Chart>
        </ResponsiveContainer>
      </div>
      {series.length > 1 && (
        <Group gap="md" justify="center" mt="xs" aria-hidden>
          {series.map(({ name, color }) => (
            <Group key={name} gap={6}>
              <Box w={10} h={10} bg={fillOf(color)} style={{ borderRadius: 3 }} />
              <Text fz="sm">{name}</Text>
            </Group>
          ))}
        </Group>
      )}
      <div className="away">
        <Table>
          <Table.Caption>{label}</Table.Caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Td />
              {series.map(({ name }) => (
                <Table.Th key={name} scope="col">
                  {name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.map((entry) => (
              <Table.Tr key={entry.label}>
                <Table.Th scope="row">{entry.label}</Table.Th>
                {series.map(({ name }, at) => (
                  <Table.Td key={name}>{write(entry.values[at] ?? 0)}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Box>
  )
}
