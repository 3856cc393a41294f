import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isAbandoned } from './isAbandoned.mjs'
import { takeLock } from './lock.mjs'
import { runChild } from './runChild.mjs'

/** A failure to explain to the person at the terminal, without a stack. */
export class LaunchError extends Error {
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Leaves node_modules as package-lock.json says, installing when it is missing or stale; `part` is `all` or `production`. */
export async function ensureInstalled(root, part) {
  if (isInstalled(root, part)) return
  const lock = await holdInstallation(root)
  try {
    if (!isInstalled(root, part)) await install(root, part, lock)
  } finally {
    lock.release()
  }
}

function isInstalled(root, part) {
  const wanted = read(lockfileOf(root))
  // An installed package has no lock file: what it needs was installed with it.
  if (wanted === undefined) return true
  const found = read(installedOf(root))
  if (found === undefined) return false
  const marks = [markFor(root, 'all'), ...(part === 'all' ? [] : [markFor(root, part)])]
  if (marks.includes(read(markerOf(root)))) return true
  if (!isConsistent(wanted, found, part)) return false
  mark(root, part)
  return true
}

function isConsistent(wanted, found, part) {
  try {
    const installed = JSON.parse(found).packages
    return Object.entries(JSON.parse(wanted).packages)
      .filter(([path]) => path.includes('node_modules/'))
      .filter(([, entry]) => !entry.optional && !entry.devOptional && (part === 'all' || !entry.dev))
      .every(([path, entry]) => installed[path] && installed[path].version === entry.version)
  } catch {
    return false
  }
}

async function holdInstallation(root) {
  try {
    mkdirSync(join(root, '.frontgate'), { recursive: true })
    for (let said = false; ; said = true) {
      const lock = takeLock(join(root, '.frontgate', 'install.lock'))
      if (!lock.holder) return lock
      if (!said) console.log(`Waiting for the installation already under way (pid ${lock.holder})…`)
      if (isAbandoned()) throw new LaunchError('', 143)
      await delay(200)
    }
  } catch (error) {
    if (error instanceof LaunchError) throw error
    throw new LaunchError(
      `The dependencies must be installed, but ${root} cannot be written: ${error.message}`,
    )
  }
}

async function install(root, part, lock) {
  const why = read(installedOf(root)) === undefined ? 'first run' : 'they changed'
  console.log(`Installing dependencies (${why}, about half a minute)…`)
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', ...(part === 'all' ? ['--include=dev'] : [])]
  let result = await runNpm(root, ['ci', ...flags], lock)
  // npm ci also refuses a lock file for lacking packages of other platforms, as one written by another npm version may.
  if (result.output.includes('EUSAGE')) result = await runNpm(root, ['install', '--no-save', ...flags], lock)
  const { code, output, wasStopped } = result
  if (wasStopped) throw new LaunchError('The installation was stopped.', code || 1)
  if (code !== 0) {
    throw new LaunchError(
      `${output.trimEnd()}\n\nInstalling the dependencies failed (npm, exit code ${code}). Check that the package registry` +
        ` can be reached and the disk has space, then run this again. \`npm ci\` in ${root} shows more.`,
    )
  }
  mark(root, part)
}

function runNpm(root, args, lock) {
  const options = {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // An npm left behind by a kill -9 of this process still owns node_modules, and so the lock.
    onStart: (pid) => lock.handTo(pid),
  }
  const { npm_execpath: npm, npm_node_execpath: node } = process.env
  // npm's own node: the one running this script may be in the node_modules that npm is about to remove.
  if (npm?.endsWith('npm-cli.js')) return runChild(node ?? process.execPath, [npm, ...args], options)
  return runChild('npm', args, { ...options, shell: process.platform === 'win32' })
}

function mark(root, part) {
  try {
    writeFileSync(markerOf(root), markFor(root, part))
  } catch {
    // Only a shortcut: without it the two lock files are compared at each start.
  }
}

// Of both files, since npm rewrites the second one whenever it changes what is installed.
function markFor(root, part) {
  const hash = createHash('sha256')
  for (const path of [lockfileOf(root), installedOf(root)]) hash.update(`${read(path)}\0`)
  return `${hash.digest('hex')} ${part}\n`
}

function lockfileOf(root) {
  return join(root, 'package-lock.json')
}

function installedOf(root) {
  return join(root, 'node_modules', '.package-lock.json')
}

function markerOf(root) {
  return join(root, 'node_modules', '.frontgate-installed')
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
