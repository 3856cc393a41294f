import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'

/** What a list of the API answers. */
interface Page<Row> {
  data: Row[]
  next_cursor: string | null
}

/** A list of which more can be asked for; what was there stays until another filter's is. */
export function usePages<Row>(
  key: readonly unknown[],
  load: (page: { cursor?: string }) => Promise<Page<Row>>,
) {
  const query = useInfiniteQuery({
    queryKey: ['operator', ...key],
    queryFn: ({ pageParam }) => load(pageParam === undefined ? {} : { cursor: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
    placeholderData: keepPreviousData,
  })
  return { ...query, rows: query.data?.pages.flatMap(({ data }) => data) ?? [] }
}

export type Pages<Row> = ReturnType<typeof usePages<Row>>
