import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The text of a guide. */
export const readGuide = (guide: string) => readFileSync(join(root, 'docs/guides', guide), 'utf8')

/** The snippets of a guide that name the file they are, such as ```js gate.js, by that name. */
export function snippetsOf(guide: string): Record<string, string> {
  const fences = readGuide(guide).matchAll(/^```[a-z]+ (\S+)\n(.*?)^```$/gms)
  return Object.fromEntries([...fences].map(([, name, snippet]) => [name, snippet]))
}

/** Writes them into a folder from which the packages of this repository are found; it goes with the test. */
export function writeSnippets(guide: string): string {
  const parent = join(root, '.frontgate/guides')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'product-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, snippet] of Object.entries(snippetsOf(guide))) {
    writeFileSync(join(folder, name), snippet)
  }
  return folder
}
