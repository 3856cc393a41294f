import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LaunchError } from './install.mjs'
import { isAbandoned } from './isAbandoned.mjs'
import { takeLock } from './lock.mjs'

/**
 * Leaves `folder`/dist as `sources` (files, from `root`) say, by content: a checkout of an older state has newer times. `name`
 * names what is kept in .frontgate about it, `what` is said where that cannot be. `build` is given an empty place; where it
 * throws, what was there before stays. Of several starts of one checkout one builds, and none goes on before. Nothing is written
 * where nothing is to be done.
 */
export async function buildOnce(root, { name, what, folder, sources, build }) {
  const kept = join(root, '.frontgate')
  const isDone = () => isBuilt(root, { name, folder, sources })
  if (isDone()) return
  const lock = await hold()
  try {
    if (!isDone()) await buildInPlace()
  } finally {
    lock.release()
  }

  async function hold() {
    try {
      fs.mkdirSync(kept, { recursive: true })
      for (;;) {
        const lock = takeLock(join(kept, `${name}.lock`))
        if (!lock.holder) return lock
        if (isAbandoned()) throw new LaunchError('', 143)
        await delay(50)
      }
    } catch (error) {
      if (error instanceof LaunchError) throw error
      throw new LaunchError(`${what}, but ${root} cannot be written: ${error.message}`)
    }
  }

  async function buildInPlace() {
    // Of what is about to be read: what is written meanwhile is built the next time.
    const made = stampOf(root, sources())
    const [target, next, former] = ['dist', 'dist.new', 'dist.old'].map((part) => join(folder, part))
    for (const left of [next, former]) fs.rmSync(left, { recursive: true, force: true })
    await build(next)
    if (fs.existsSync(target)) fs.renameSync(target, former)
    fs.renameSync(next, target)
    fs.writeFileSync(stampFileOf(root, name), made)
    fs.rmSync(former, { recursive: true, force: true })
  }
}

/** Whether `folder`/dist is what `sources` say. */
export function isBuilt(root, { name, folder, sources }) {
  if (!fs.existsSync(join(folder, 'dist'))) return false
  try {
    return fs.readFileSync(stampFileOf(root, name), 'utf8') === stampOf(root, sources())
  } catch {
    return false
  }
}

const stampFileOf = (root, name) => join(root, '.frontgate', `${name}-built`)

function stampOf(root, files) {
  const hash = createHash('sha256')
  for (const file of files) {
    hash
      .update(`${file}\0`)
      .update(fs.readFileSync(join(root, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

/** The files below a folder, from there, in order. */
export function filesIn(folder) {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort()
}
