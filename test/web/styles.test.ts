import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const assets = `${root}/web/dist/assets`

test('every component that pages use has its styles in web/mantine.css', () => {
  const styled = new Set(namesIn(built('.css')))
  const whole = namesIn(readFileSync(`${root}/node_modules/@mantine/core/styles.css`, 'utf8'))
  const used = new Set(namesIn(built('.js')))
  expect(whole.filter((name) => used.has(name) && !styled.has(name))).toEqual([])
  expect(styled.size).toBeGreaterThan(50)
})

function built(end: string): string {
  const files = readdirSync(assets).filter((file) => file.endsWith(end))
  return files.map((file) => readFileSync(`${assets}/${file}`, 'utf8')).join('\n')
}

/** The names of classes that the library makes: m_ and a hash. */
function namesIn(text: string): string[] {
  return [...new Set(text.match(/\bm_[0-9a-f]{5,8}/g))]
}
