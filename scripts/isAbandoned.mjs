import { readFileSync } from 'node:fs'

const startedBy = starters()

/** Whether the npm that started this process has died: killed, it could not tell us to stop. */
export function isAbandoned() {
  // Started by hand, losing the parent is ordinary: the shell of a service put into the background ends.
  return Boolean(process.env.npm_lifecycle_event) && starters() !== startedBy
}

/** The parent, and npm above it where npm's `sh -c` stays between (dash does, bash does not). */
function starters() {
  const parent = process.ppid
  try {
    const isShell = readFileSync(`/proc/${parent}/cmdline`, 'utf8').split('\0')[1] === '-c'
    if (!isShell) return `${parent}`
    const [, grandparent] = readFileSync(`/proc/${parent}/stat`, 'utf8').split(') ').pop().split(' ')
    return `${parent} ${grandparent}`
  } catch {
    return `${parent}`
  }
}
