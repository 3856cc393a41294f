import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A file of deploy/ with addresses of a test's. */
export function fillDeployFile(name: string, changes: [string, string][]): string {
  const file = fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url))
  let text = readFileSync(file, 'utf8')
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${name} does not name ${from}`)
    text = text.replaceAll(from, to)
  }
  return text
}
