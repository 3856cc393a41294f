import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { LaunchError } from './install.mjs'
import { takeLock } from './lock.mjs'
import { runChild } from './runChild.mjs'

/** Leaves client/dist as client/src says: what `@frontgate/client` is in this checkout, and what is published. */
export async function ensureClientBuilt(root) {
  if (isBuilt(root)) return
  fs.mkdirSync(join(root, '.frontgate'), { recursive: true })
  const lock = await holdBuild(root)
  try {
    if (!isBuilt(root)) await build(root)
  } finally {
    lock.release()
  }
}

async function holdBuild(root) {
  for (;;) {
    const lock = takeLock(join(root, '.frontgate', 'build.lock'))
    if (!lock.holder) return lock
    await delay(50)
  }
}

async function build(root) {
  const made = stampOf(root)
  const target = join(root, 'client', 'dist')
  const next = join(root, 'client', 'dist.new')
  fs.rmSync(next, { recursive: true, force: true })
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const args = [compiler, '-p', join(root, 'client', 'tsconfig.build.json'), '--outDir', next]
  const { code, output } = await runChild(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (code !== 0) throw new LaunchError(`${output.trimEnd()}\n\nThe client library does not compile.`)
  for (const file of filesIn(next)) if (file.endsWith('.d.ts')) nameCompiledFiles(join(next, file))
  for (const file of filesIn(join(root, 'client', 'src'))) {
    if (file.endsWith('.css')) fs.copyFileSync(join(root, 'client', 'src', file), join(next, file))
  }
  fs.rmSync(target, { recursive: true, force: true })
  fs.renameSync(next, target)
  fs.writeFileSync(stampFile(root), made)
}

/** The compiler leaves the names of sources in declarations, which not every reader of them resolves. */
function nameCompiledFiles(path) {
  const text = fs.readFileSync(path, 'utf8')
  fs.writeFileSync(path, text.replace(/((?:from|import\()\s*'\.[^']*)\.tsx?'/g, "$1.js'"))
}

function isBuilt(root) {
  if (!fs.existsSync(join(root, 'client', 'dist'))) return false
  try {
    return fs.readFileSync(stampFile(root), 'utf8') === stampOf(root)
  } catch {
    return false
  }
}

function stampOf(root) {
  const hash = createHash('sha256')
  const client = join(root, 'client')
  const files = [
    'tsconfig.json',
    'tsconfig.build.json',
    ...filesIn(join(client, 'src')).map((file) => join('src', file)),
  ]
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(fs.readFileSync(join(client, file)))
      .update('\0')
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await ensureClientBuilt(dirname(dirname(fileURLToPath(import.meta.url))))
}
