import { useRouter } from '@tanstack/react-router'
import { useCallback } from 'react'
import { isPage } from '../shell/isPage.ts'

/** Leads on to a place that `placeToGo()` has let pass: within these pages where it is one of them. A product may share their origin. */
export function useGoOn(): (place: string, how?: 'push' | 'replace') => void {
  const router = useRouter()
  return useCallback(
    (place, how = 'push') => {
      if (isPage(router, place)) router.history[how](place)
      else if (how === 'replace') location.replace(place)
      else location.assign(place)
    },
    [router],
  )
}
