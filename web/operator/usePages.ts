import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'

/** What a list of the API answers. */
interface Page<Row> {
  data: Row[]
  next_cursor: string | null
}

type Load<Row> = (page: { cursor?: string }) => Promise<Page<Row>>

/** A list of which more can be asked for; what was there stays until another filter's is. */
export function usePages<Row>(key: readonly unknown[], load: Load<Row>) {
  const query = useInfiniteQuery({
    ...optionsFor(key, load),
    placeholderData: keepPreviousData,
  })
  return { ...query, rows: query.data?.pages.flatMap(({ data }) => data) ?? [] }
}

/** A list whose first page is there already and kept up to date by whoever has it: only what follows is asked for. */
export function usePagesAfter<Row>(first: Page<Row>, key: readonly unknown[], load: Load<Row>) {
  const query = useInfiniteQuery({
    // What followed another first page would leave a gap after this one.
    ...optionsFor([...key, first.next_cursor], (page) => (page.cursor ? load(page) : Promise.resolve(first))),
    initialData: { pages: [first], pageParams: [undefined] },
    staleTime: 'static',
  })
  const further = query.data.pages.slice(1)
  return { ...query, rows: [first, ...further].flatMap(({ data }) => data) }
}

const optionsFor = <Row>(key: readonly unknown[], load: Load<Row>) => ({
  queryKey: ['operator', ...key],
  queryFn: ({ pageParam }: { pageParam: string | undefined }) =>
    load(pageParam === undefined ? {} : { cursor: pageParam }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ next_cursor: next }: Page<Row>) => next ?? undefined,
})

export type Pages<Row> = ReturnType<typeof usePages<Row> | typeof usePagesAfter<Row>>
