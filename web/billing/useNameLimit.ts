import { nameInWords } from '@frontgate/client/react'
import { useWords } from '../words/words.ts'

/** What limits are called on screen, by their names in the catalogue. */
export function useNameLimit(): (name: string) => string {
  const { words } = useWords()
  return (name) => (name === 'members' ? words.billing.members : nameInWords(name))
}
