import { useState } from 'react'
import { useFrontgate } from './frontgateProvider.tsx'
import { sayProblem } from './sayProblem.ts'

/** Leaves for an address that has to be asked for first. One at a time: a second press does nothing. */
export function useLeaving(): {
  /** What was pressed, while its address is asked for. */
  pressed: string | null
  fault: string | null
  leave: (what: string, find: () => Promise<string>) => void
} {
  const { navigate, words, locale } = useFrontgate()
  const [pressed, setPressed] = useState<string | null>(null)
  const [fault, setFault] = useState<string | null>(null)

  async function leave(what: string, find: () => Promise<string>): Promise<void> {
    if (pressed) return
    setPressed(what)
    setFault(null)
    try {
      navigate(await find())
    } catch (thrown) {
      setFault(sayProblem(thrown, { words, locale }))
    } finally {
      setPressed(null)
    }
  }

  return { pressed, fault, leave: (what, find) => void leave(what, find) }
}
