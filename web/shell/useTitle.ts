import { useEffect } from 'react'
import { productName } from '../settings.ts'

/** What stands in the tab, and in the history, while a page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${productName}`
  }, [title])
}
