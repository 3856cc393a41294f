import { type LanguageCode, readersLanguage } from '../../words/words.ts'
import type { en } from './en.ts'

/** Every word of these pages, in one language. */
export type OperatorWords = typeof en

const load: Record<LanguageCode, () => Promise<OperatorWords>> = {
  en: async () => (await import('./en.ts')).en,
  de: async () => (await import('./de.ts')).de,
}

/** What staff read, in the reader's language. Apart from the words for everybody, who need not wait for it. */
export const said: OperatorWords = await load[readersLanguage()]()
