import { Button, Center, Skeleton, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Failed } from '../shell/failed.tsx'
import { useWords } from '../words/words.ts'
import type { Pages } from './usePages.ts'

interface PagedListProps<Row> {
  pages: Pages<Row>
  /** Default: where no rows came. */
  isEmpty?: boolean
  /** What is said where there is nothing. */
  empty: string
  children: ReactNode
}

/** A list with all that can become of it: on its way, failed, empty, and with more to come. */
export function PagedList<Row>({ pages, isEmpty, empty, children }: PagedListProps<Row>) {
  const { words } = useWords()
  const { rows, isPending, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = pages
  if (isPending) {
    return (
      <Stack gap="xs" role="status" aria-label={words.shared.loading}>
        {[1, 2, 3, 4, 5].map((line) => (
          <Skeleton key={line} h={40} />
        ))}
      </Stack>
    )
  }
  if (error && rows.length === 0) return <Failed error={error} reset={() => void refetch()} />
  return (
    <Stack gap="md">
      {(isEmpty ?? rows.length === 0) ? (
        <Text c="dimmed" ta="center" py="xl" role="status">
          {empty}
        </Text>
      ) : (
        children
      )}
      {error && <Failed error={error} reset={() => void refetch()} />}
      {hasNextPage && (
        <Center>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {words.shared.more}
          </Button>
        </Center>
      )}
    </Stack>
  )
}
