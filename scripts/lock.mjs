import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'

// What a rename that came too late answers; Windows says EPERM where others say ENOTEMPTY.
const LOST = ['ENOENT', 'ENOTEMPTY', 'EEXIST', ...(process.platform === 'win32' ? ['EPERM', 'EACCES'] : [])]

/**
 * Takes the lock at `path` unless a living process holds it; of several takers of a free or stale lock one wins.
 * The lock is a folder with one entry named for its holder: renaming that entry is a compare-and-swap, which
 * unlinking a stale file and writing a new one is not.
 */
export function takeLock(path) {
  for (;;) {
    const holder = readHolder(path)
    const mine = entryFor(process.pid)
    if (!holder) {
      if (create(path, mine)) return held(path, mine)
    } else if (isHeldBy(holder)) {
      return { holder: pidOf(holder) }
    } else if (moved(join(path, holder), join(path, mine))) {
      return held(path, mine)
    }
  }
}

/** What tells a running process from a later one with the same number; undefined when it has ended. */
export function identifyProcess(pid) {
  if (fs.existsSync('/proc/self/stat')) return identifyInProc(pid)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error.code !== 'EPERM') return undefined
  }
  if (process.platform === 'win32') return 'running'
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).replace(/\W+/g, '-')
  } catch {
    return undefined
  }
}

function identifyInProc(pid) {
  const stat = read(`/proc/${pid}/stat`)
  // The command name, in parentheses, may hold spaces; the state follows it and the start time is field 22 of all.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (!stat || fields[0] === 'Z' || fields[0] === 'X') return undefined
  return `${read('/proc/sys/kernel/random/boot_id').slice(0, 8)}-${fields[19]}`
}

function read(path) {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function entryFor(pid) {
  return `${pid}.${identifyProcess(pid)}.${randomBytes(4).toString('hex')}`
}

function isHeldBy(entry) {
  return identifyProcess(pidOf(entry)) === entry.split('.')[1]
}

function pidOf(entry) {
  return Number(entry.split('.')[0])
}

function readHolder(path) {
  try {
    return fs.readdirSync(path)[0]
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function create(path, entry) {
  const prepared = fs.mkdtempSync(`${path}.new-`)
  fs.writeFileSync(join(prepared, entry), '')
  if (moved(prepared, path)) return true
  fs.rmSync(prepared, { recursive: true })
  // Windows does not rename over an empty folder, which a holder killed while releasing leaves behind.
  if (process.platform === 'win32') removeIfEmpty(path)
  return false
}

function removeIfEmpty(path) {
  try {
    fs.rmdirSync(path)
  } catch {
    // Another process has taken the lock meanwhile.
  }
}

function moved(from, to) {
  try {
    fs.renameSync(from, to)
    return true
  } catch (error) {
    if (LOST.includes(error.code)) return false
    throw error
  }
}

function held(path, entry) {
  let current = entry
  return {
    release() {
      fs.rmSync(join(path, current), { force: true })
      removeIfEmpty(path)
    },
    handTo(pid) {
      const next = entryFor(pid)
      if (moved(join(path, current), join(path, next))) current = next
    },
  }
}
