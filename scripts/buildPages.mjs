import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { ensureClientBuilt } from './buildClient.mjs'
import { ensureInstalled, LaunchError } from './install.mjs'
import { isAbandoned } from './isAbandoned.mjs'
import { takeLock } from './lock.mjs'
import { runChild } from './runChild.mjs'

const sources = ['web', 'client/dist', 'package-lock.json', 'scripts/buildPages.mjs']

/** Leaves web/dist as web/ says: what the service shows people. What does not build leaves what was there before. */
export async function ensurePagesBuilt(root) {
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
      const lock = takeLock(join(root, '.frontgate', 'web.lock'))
      if (!lock.holder) return lock
      if (isAbandoned()) throw new LaunchError('', 143)
      await delay(50)
    }
  } catch (error) {
    if (error instanceof LaunchError) throw error
    throw new LaunchError(`The pages must be built, but ${root} cannot be written: ${error.message}`)
  }
}

async function build(root) {
  console.log('Building the pages (they changed, about ten seconds)…')
  // Of what is about to be read: what is written meanwhile is built the next time.
  const made = stampOf(root)
  const web = join(root, 'web')
  const [target, next, former] = ['dist', 'dist.new', 'dist.old'].map((name) => join(web, name))
  for (const left of [next, former]) fs.rmSync(left, { recursive: true, force: true })
  await bundle(root, next)
  await compressAll(join(next, 'assets'))
  if (fs.existsSync(target)) fs.renameSync(target, former)
  fs.renameSync(next, target)
  fs.writeFileSync(stampFile(root), made)
  fs.rmSync(former, { recursive: true, force: true })
}

async function bundle(root, folder) {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const args = [vite, 'build', '--outDir', folder, '--logLevel', 'warn']
  const options = {
    cwd: join(root, 'web'),
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  }
  const { code, output, wasStopped } = await runChild(
    fs.existsSync(node) ? node : process.execPath,
    args,
    options,
  )
  if (wasStopped) throw new LaunchError('', code || 1)
  if (code !== 0) throw new LaunchError(`${output.trimEnd()}\n\nThe pages cannot be built.`)
}

const [brotli, gzip] = [zlib.brotliCompress, zlib.gzip].map(promisify)

/** Beside each file what is sent to browsers that take it: made once, as small as it gets. */
async function compressAll(folder) {
  for (const file of filesIn(folder)) {
    if (!/\.(js|css|svg)$/.test(file)) continue
    const path = join(folder, file)
    const text = fs.readFileSync(path)
    const [br, gz] = await Promise.all([brotli(text), gzip(text, { level: 9 })])
    fs.writeFileSync(`${path}.br`, br)
    fs.writeFileSync(`${path}.gz`, gz)
  }
}

function isBuilt(root) {
  // What a test of these scripts starts in has none.
  if (!fs.existsSync(join(root, 'web', 'index.html'))) return true
  if (!fs.existsSync(join(root, 'web', 'dist', 'index.html'))) return false
  try {
    return fs.readFileSync(stampFile(root), 'utf8') === stampOf(root)
  } catch {
    return false
  }
}

/** Of everything that decides what is built, by content: a checkout of an older state has newer times. */
function stampOf(root) {
  const hash = createHash('sha256')
  for (const source of sources) {
    const path = join(root, source)
    for (const file of fs.statSync(path).isDirectory()
      ? filesIn(path).map((one) => join(path, one))
      : [path]) {
      hash.update(`${file}\0`).update(fs.readFileSync(file)).update('\0')
    }
  }
  return hash.digest('hex')
}

function filesIn(folder) {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .filter((file) => !/^dist[./\\]/.test(file))
    .sort()
}

const stampFile = (root) => join(root, '.frontgate', 'web-built')

// `npm run build`, also in a clone where nothing is installed yet: for an image or a package that is served from.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  try {
    await ensureInstalled(root, 'all')
    await ensureClientBuilt(root)
    await ensurePagesBuilt(root)
    console.log('The pages are built, in web/dist.')
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error
    if (error.message) console.error(error.message)
    process.exit(error.exitCode)
  }
}
