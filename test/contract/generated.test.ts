import { readdir, readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { type GeneratedFile, generateFiles } from '../../scripts/generated.ts'

const root = new URL('../../', import.meta.url)
let files: GeneratedFile[]
beforeAll(async () => {
  files = await generateFiles(inject('serverUrl'))
}, 180_000)

/** Every file that is made from others. One that is made and not named here fails the last test. */
const paths = [
  'openapi.json',
  'client/src/api/schema.ts',
  'src/db/tables.ts',
  'src/db/schema.sql',
  '.env.example',
  'docs/configuration.md',
  'docs/metrics.md',
  'docs/roles.md',
  'docs/truth-table.md',
  'docs/problems/README.md',
  'test/sandbox/stripe/shapes/schema.json',
]

describe('what is made from others is as it would be made now: `npm run generate` makes it so', () => {
  test.each(paths)('%s', async (path) => {
    const made = files.find((file) => file.path === path)
    expect(await readFile(new URL(path, root), 'utf8')).toBe(made?.text)
  })

  test('docs/problems has a page for each code, and none for another', async () => {
    const made = files.filter(({ path }) => path.startsWith('docs/problems/'))
    for (const { path, text } of made) expect(await readFile(new URL(path, root), 'utf8'), path).toBe(text)
    const kept = await readdir(new URL('docs/problems/', root))
    expect(kept.sort()).toEqual(made.map(({ path }) => path.replace('docs/problems/', '')).sort())
  })

  test('nothing else is made', () => {
    const others = files.filter(({ path }) => !paths.includes(path) && !path.startsWith('docs/problems/'))
    expect(others).toEqual([])
  })
})
