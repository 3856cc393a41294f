import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildOnce, filesIn } from './buildOnce.mjs'
import { ensureInstalled, LaunchError } from './install.mjs'
import { runChild } from './runChild.mjs'

/**
 * Leaves client/dist as client/src says: what `@frontgate/client` is in this checkout, and what is published. One that does
 * not compile leaves what was there before. Nothing is written where nothing is to be done.
 */
export async function ensureClientBuilt(root) {
  const client = join(root, 'client')
  // What a test of these scripts starts in has none.
  if (!fs.existsSync(join(client, 'src'))) return
  await buildOnce(root, {
    name: 'client',
    what: 'The client library must be compiled',
    folder: client,
    sources: () => sourcesIn(client),
    build: (next) => build(root, next),
  })
}

/** Everything that decides what is compiled. */
function sourcesIn(client) {
  const compiled = filesIn(join(client, 'src')).filter((file) => !/\.test\.tsx?$/.test(file))
  return [
    'scripts/buildClient.mjs',
    'tsconfig.json',
    'client/tsconfig.json',
    'client/tsconfig.build.json',
    ...compiled.map((file) => `client/src/${file}`),
  ]
}

async function build(root, next) {
  const sources = join(root, 'client', 'src')
  await compile(root, next)
  for (const file of filesIn(next)) if (file.endsWith('.d.ts')) nameCompiledFiles(join(next, file))
  for (const file of filesIn(sources)) {
    if (file.endsWith('.css')) fs.copyFileSync(join(sources, file), join(next, file))
  }
}

async function compile(root, folder) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const args = [compiler, '-p', join(root, 'client', 'tsconfig.build.json'), '--outDir', folder]
  const options = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] }
  const { code, output, wasStopped } = await runChild(process.execPath, args, options)
  if (wasStopped) throw new LaunchError('', code || 1)
  if (code !== 0) throw new LaunchError(`${output.trimEnd()}\n\nThe client library does not compile.`)
}

/** The compiler leaves the names of sources in declarations, which not every reader of them resolves. */
function nameCompiledFiles(path) {
  const text = fs.readFileSync(path, 'utf8')
  fs.writeFileSync(path, text.replace(/((?:from|import|import\()\s*(["'])\.[^"']*)\.tsx?\2/g, '$1.js$2'))
}

// As `npm pack` in client/ does, also in a clone where nothing is installed yet.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  try {
    await ensureInstalled(root, 'all')
    await ensureClientBuilt(root)
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error
    if (error.message) console.error(error.message)
    process.exit(error.exitCode)
  }
}
