import { useEffect } from 'react'
import { Loading } from '../shell/loading.tsx'
import { useGoOn } from './useGoOn.ts'

/** In place of a page that somebody has no use for: leads on to another, which takes its place in the history. */
export function GoOn({ to }: { to: string }) {
  const goOn = useGoOn()
  useEffect(() => goOn(to, 'replace'), [goOn, to])
  return <Loading />
}
