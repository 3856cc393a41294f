import { PagedList } from './pagedList.tsx'
import { Rows, type RowsProps } from './rows.tsx'
import type { Pages } from './usePages.ts'

interface PagedRowsProps<Row> extends Omit<RowsProps<Row>, 'rows'> {
  pages: Pages<Row>
  /** What is said where there is nothing. */
  empty: string
}

/** Rows of which more can be asked for. */
export function PagedRows<Row>({ pages, empty, ...rows }: PagedRowsProps<Row>) {
  return (
    <PagedList pages={pages} empty={empty}>
      <Rows rows={pages.rows} {...rows} />
    </PagedList>
  )
}
