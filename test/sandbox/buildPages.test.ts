import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildPages, pagesFolder } from '../../sandbox/runbooks/buildPages.ts'

/** A checkout whose builder notes that it ran. */
function checkout(): string {
  const root = fs.mkdtempSync(join(tmpdir(), 'frontgate-pages-'))
  onTestFinished(() => fs.rmSync(root, { recursive: true }))
  for (const folder of ['examples/runbooks', 'client/dist', 'node_modules/vite/bin']) {
    fs.mkdirSync(join(root, folder), { recursive: true })
  }
  fs.writeFileSync(join(root, 'package-lock.json'), '{}')
  const builder = `const fs = require('node:fs'), folder = process.argv[4]
    fs.appendFileSync('../../builds', 'built ')
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(folder + '/index.html', 'built')`
  fs.writeFileSync(join(root, 'node_modules/vite/bin/vite.js'), builder)
  return root
}
const builds = (root: string) => fs.readFileSync(join(root, 'builds'), 'utf8').split(' ').length - 1
const never = new AbortController().signal

test('several sandboxes that start at once build the pages once, and all have them', async () => {
  const root = checkout()
  await Promise.all(Array.from({ length: 4 }, () => buildPages(root, () => {}, never)))
  expect(builds(root)).toBe(1)
  expect(fs.readdirSync(pagesFolder(root)).sort()).toEqual(['index.html', 'stamp'])
  fs.writeFileSync(join(root, 'client/dist/index.js'), 'changed')
  await Promise.all(Array.from({ length: 4 }, () => buildPages(root, () => {}, never)))
  expect(builds(root)).toBe(2)
})

test('a sandbox that is stopped does not wait for another to build', async () => {
  const root = checkout()
  fs.writeFileSync(join(root, 'node_modules/vite/bin/vite.js'), 'setInterval(() => {}, 1000)')
  const stopping = new AbortController()
  let stopBuilder = () => {}
  const building = buildPages(root, (builder) => (stopBuilder = () => builder.kill()), never)
  const waiting = buildPages(root, () => expect.unreachable(), stopping.signal)
  stopping.abort()
  await expect(waiting).rejects.toThrow('aborted')
  stopBuilder()
  await expect(building).rejects.toThrow('cannot be built')
})
