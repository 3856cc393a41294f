import { Box, Group, Paper, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { said } from './words/words.ts'

/** One thing that is told of every row. */
export interface Column<Row> {
  head: string
  cell: (row: Row) => ReactNode
  /** To the right, such as amounts and what can be done. */
  isAtEnd?: boolean
}

export interface RowsProps<Row> {
  /** What the rows are, for those who do not see what is around them. */
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  keyOf: (row: Row) => string
}

/** Rows as a table; as cards where there is no room for one. The first column names the row. */
export function Rows<Row>({ label, rows, columns, keyOf }: RowsProps<Row>) {
  const isNarrow = useMediaQuery('(max-width: 62em)', undefined, { getInitialValueInEffect: false })
  const [first, ...rest] = columns
  if (!first) return null
  if (isNarrow) {
    return (
      <Stack component="ul" aria-label={label} gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
        {rows.map((row) => (
          <Paper key={keyOf(row)} component="li" withBorder p="md">
            <Box fw={600} mb="xs" style={{ overflowWrap: 'anywhere' }}>
              {first.cell(row)}
            </Box>
            <Stack gap={6} fz="sm">
              {rest.map(({ head, cell }) => {
                const shown = cell(row)
                return shown === null ? null : (
                  <Group key={head} gap="md" justify="space-between" align="baseline">
                    {head && (
                      <Text span fz="sm" c="dimmed">
                        {head}
                      </Text>
                    )}
                    <Box miw={0} maw="100%" style={{ overflowWrap: 'anywhere' }}>
                      {shown}
                    </Box>
                  </Group>
                )
              })}
            </Stack>
          </Paper>
        ))}
      </Stack>
    )
  }
  return (
    <Table.ScrollContainer
      minWidth={640}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-label': label } }}
    >
      <Table verticalSpacing="xs" highlightOnHover aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ head, isAtEnd }) => (
              <Table.Th key={head} scope="col" c="dimmed" fw={500} fz="sm" ta={isAtEnd ? 'end' : undefined}>
                {head || <VisuallyHidden>{said.acts}</VisuallyHidden>}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)}>
              {columns.map(({ head, cell, isAtEnd }) => (
                <Table.Td key={head} ta={isAtEnd ? 'end' : undefined}>
                  {cell(row) ?? '–'}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
