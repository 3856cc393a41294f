import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startScratchPostgres } from '../test/support/scratchPostgres.ts'
import { generateFiles } from './generated.ts'

// Writes every generated file; with --check it only says which ones are not as they should be.
const root = fileURLToPath(new URL('..', import.meta.url))
const onlyCheck = process.argv.includes('--check')
const postgres = await startScratchPostgres()
try {
  for (const { path, text } of await generateFiles(postgres.url)) {
    const file = join(root, path)
    const before = await readFile(file, 'utf8').catch(() => null)
    if (before === text) continue
    if (onlyCheck) {
      process.stdout.write(`${path} is not what \`npm run generate\` makes\n`)
      process.exitCode = 1
      continue
    }
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    process.stdout.write(`${before === null ? 'made' : 'changed'} ${path}\n`)
  }
} finally {
  await postgres.stop()
}
