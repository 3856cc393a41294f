import { useRouter } from '@tanstack/react-router'
import { useCallback } from 'react'

/** Leads on to a place that `placeToGo()` has let pass: within these pages where it is one of them. */
export function useGoOn(): (place: string, how?: 'push' | 'replace') => void {
  const { history } = useRouter()
  return useCallback(
    (place, how = 'push') => {
      if (place.startsWith('/')) history[how](place)
      else if (how === 'replace') location.replace(place)
      else location.assign(place)
    },
    [history],
  )
}
