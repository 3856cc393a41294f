import type { ReactNode } from 'react'
import { useWords } from '../words/words.ts'
import { Outcome } from './outcome.tsx'

/** In place of a page whose link does not work: why not, and the way on. */
export function DeadLink({ fault, children }: { fault: string; children: ReactNode }) {
  const { words } = useWords()
  const { link } = words.visitor
  return (
    <Outcome title={link.title} lead={words.problems[fault] ?? link.lacksToken}>
      {children}
    </Outcome>
  )
}
