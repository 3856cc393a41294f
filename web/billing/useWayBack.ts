import { useEffect } from 'react'

/** Calls back when somebody who left comes by the browser's way back: it shows the page as it was left. */
export function useWayBack(restore: () => void): void {
  useEffect(() => {
    const show = (event: PageTransitionEvent) => event.persisted && restore()
    addEventListener('pageshow', show)
    return () => removeEventListener('pageshow', show)
  }, [restore])
}
