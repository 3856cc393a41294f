import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { Loading } from './loading.tsx'

/**
 * Goes to another page in place of this one, once: while that one is fetched this is still shown, and what it says of where
 * it is has changed by then.
 */
export function GoOnce({ to, search }: { to: string; search: Record<string, string> }) {
  const navigate = useNavigate()
  const hasGone = useRef(false)
  useEffect(() => {
    if (hasGone.current) return
    hasGone.current = true
    void navigate({ to, search: search as never, replace: true })
  })
  return <Loading />
}
