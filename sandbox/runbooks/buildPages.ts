import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { takeLock } from '../../scripts/lock.mjs'

const sources = ['package-lock.json', 'examples/runbooks', 'client/dist']

/** Where the pages of the product are kept once they are built. */
export function pagesFolder(root: string): string {
  return join(root, '.frontgate', 'runbooks-pages')
}

/**
 * Builds the product's pages unless they are as the sources say; meanwhile the product says that they are being built.
 * Of several sandboxes of one checkout one builds, and the others wait for it until they are to stop. `onStart` is told of the
 * program that does it. Throws with what it said when it fails.
 */
export async function buildPages(
  root: string,
  onStart: (builder: ChildProcess) => void,
  stopping: AbortSignal,
): Promise<void> {
  if (isBuilt(root)) return
  const lock = await holdBuild(root, stopping)
  try {
    if (!isBuilt(root)) await build(root, onStart)
  } finally {
    lock.release()
  }
}

async function holdBuild(root: string, stopping: AbortSignal) {
  fs.mkdirSync(join(root, '.frontgate'), { recursive: true })
  for (;;) {
    const lock = takeLock(join(root, '.frontgate', 'pages.lock'))
    if (lock.holder === undefined) return lock
    await delay(50, undefined, { signal: stopping })
  }
}

async function build(root: string, onStart: (builder: ChildProcess) => void): Promise<void> {
  const folder = pagesFolder(root)
  const stamp = stampOf(root)
  const next = `${folder}.${process.pid}`
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const builder = spawn(process.execPath, [vite, 'build', '--outDir', next, '--logLevel', 'warn'], {
    cwd: join(root, 'examples/runbooks'),
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onStart(builder)
  let said = ''
  for (const output of [builder.stdout, builder.stderr]) output.on('data', (part) => (said += String(part)))
  try {
    const [code] = await once(builder, 'close')
    if (code !== 0) throw new Error(`The pages of the product cannot be built:\n${said}`)
    fs.writeFileSync(join(next, 'stamp'), stamp)
    fs.rmSync(folder, { recursive: true, force: true })
    fs.renameSync(next, folder)
  } finally {
    fs.rmSync(next, { recursive: true, force: true })
  }
}

function isBuilt(root: string): boolean {
  const stampFile = join(pagesFolder(root), 'stamp')
  return fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === stampOf(root)
}

function stampOf(root: string): string {
  const hash = createHash('sha256')
  for (const path of sources.flatMap((source) => filesIn(join(root, source)))) {
    hash.update(`${path}\0`).update(fs.readFileSync(path)).update('\0')
  }
  return hash.digest('hex')
}

function filesIn(path: string): string[] {
  if (!fs.statSync(path).isDirectory()) return [path]
  return fs
    .readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
