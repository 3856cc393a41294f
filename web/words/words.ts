import { createContext, useContext } from 'react'
import type { en } from './en.ts'

/** Every word of the pages, in one language. */
export type Words = typeof en

/** The languages that there is a file for. */
export const languages = { en: 'English', de: 'Deutsch' } as const
export type LanguageCode = keyof typeof languages

const load: Record<LanguageCode, () => Promise<Words>> = {
  en: async () => (await import('./en.ts')).en,
  de: async () => (await import('./de.ts')).de,
}
const CHOSEN = 'frontgate-language'

/** What the reader chose here, otherwise the first language of their browser's that there is a file for. */
export function readersLanguage(): LanguageCode {
  const asked = [chosenBefore() ?? '', ...navigator.languages]
  const known = asked.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in load)
  return (known as LanguageCode | undefined) ?? 'en'
}

/** Keeps what the reader chose, in this browser, and shows the page in it. */
export function chooseLanguageHere(code: LanguageCode): void {
  try {
    localStorage.setItem(CHOSEN, code)
  } catch {
    return
  }
  location.reload()
}

/** A browser that keeps nothing for pages throws, and shows them all the same. */
function chosenBefore(): string | null {
  try {
    return localStorage.getItem(CHOSEN)
  } catch {
    return null
  }
}

/** The words and the locale that dates and numbers are written in: the reader's own where it is of the same language. */
export async function loadWords(code: LanguageCode): Promise<{ words: Words; locale: string }> {
  const locale = navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() === code) ?? code
  return { words: await load[code](), locale }
}

const WordsContext = createContext<{ words: Words; locale: string } | null>(null)
export const WordsProvider = WordsContext.Provider

/** The words of the page and its locale. */
export function useWords(): { words: Words; locale: string } {
  const found = useContext(WordsContext)
  if (!found) throw new Error('Pages are shown below <WordsProvider>')
  return found
}
