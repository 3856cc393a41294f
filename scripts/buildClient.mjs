import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ensureInstalled, LaunchError } from './install.mjs'
import { isAbandoned } from './isAbandoned.mjs'
import { takeLock } from './lock.mjs'
import { runChild } from './runChild.mjs'

/**
 * Leaves client/dist as client/src says: what `@frontgate/client` is in this checkout, and what is published. One that does
 * not compile leaves what was there before. Nothing is written where nothing is to be done.
 */
export async function ensureClientBuilt(root) {
  if (isBuilt(root)) return
  const lock = await holdBuild(root)
  try {
    if (!isBuilt(root)) await build(root)
  } finally {
    lock.release()
  }
}

async function holdBuild(root) {
  try {
    fs.mkdirSync(join(root, '.frontgate'), { recursive: true })
    for (;;) {
      const lock = takeLock(join(root, '.frontgate', 'build.lock'))
      if (!lock.holder) return lock
      if (isAbandoned()) throw new LaunchError('', 143)
      await delay(50)
    }
  } catch (error) {
    if (error instanceof LaunchError) throw error
    throw new LaunchError(
      `The client library must be compiled, but ${root} cannot be written: ${error.message}`,
    )
  }
}

async function build(root) {
  // Of what is about to be read: what is written meanwhile is compiled the next time.
  const made = stampOf(root)
  const client = join(root, 'client')
  const [target, next, former] = ['dist', 'dist.new', 'dist.old'].map((name) => join(client, name))
  for (const left of [next, former]) fs.rmSync(left, { recursive: true, force: true })
  await compile(root, next)
  for (const file of filesIn(next)) if (file.endsWith('.d.ts')) nameCompiledFiles(join(next, file))
  for (const file of filesIn(join(client, 'src'))) {
    if (file.endsWith('.css')) fs.copyFileSync(join(client, 'src', file), join(next, file))
  }
  if (fs.existsSync(target)) fs.renameSync(target, former)
  fs.renameSync(next, target)
  fs.writeFileSync(stampFile(root), made)
  fs.rmSync(former, { recursive: true, force: true })
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

function isBuilt(root) {
  // What a test of these scripts starts in has none.
  if (!fs.existsSync(join(root, 'client', 'src'))) return true
  if (!fs.existsSync(join(root, 'client', 'dist'))) return false
  try {
    return fs.readFileSync(stampFile(root), 'utf8') === stampOf(root)
  } catch {
    return false
  }
}

/** Of everything that decides what is compiled, by content: a checkout of an older state has newer times. */
function stampOf(root) {
  const hash = createHash('sha256')
  const sources = filesIn(join(root, 'client', 'src')).filter((file) => !/\.test\.tsx?$/.test(file))
  const files = [
    'scripts/buildClient.mjs',
    'tsconfig.json',
    'client/tsconfig.json',
    'client/tsconfig.build.json',
    ...sources.map((file) => `client/src/${file}`),
  ]
  for (const file of files) {
    hash
      .update(`${file}\0`)
      .update(fs.readFileSync(join(root, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesIn(folder) {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort()
}

const stampFile = (root) => join(root, '.frontgate', 'client-built')

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
