import { FrontgateProblem } from '@frontgate/client'
import { chooseLanguage, sayProblem } from '@frontgate/client/react'
import { useCallback } from 'react'
import { useWords } from '../words/words.ts'

/** Says what went wrong in the words of the page, otherwise in those that the library has for all products. */
export function useSayProblem(): (thrown: unknown) => string {
  const { words, locale } = useWords()
  return useCallback(
    (thrown) => {
      const own: Record<string, string> = words.problems
      const known = thrown instanceof FrontgateProblem ? own[thrown.code] : undefined
      return known ?? sayProblem(thrown, chooseLanguage([locale]))
    },
    [words, locale],
  )
}
