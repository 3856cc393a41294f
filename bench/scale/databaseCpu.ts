import { readdirSync, readFileSync } from 'node:fs'
import { cpuMsOf } from '../programs.ts'

const seen = new Map<string, Map<number, number>>()

/**
 * What the connections to a database have used since they were first seen, those that have ended included; 0 where that
 * cannot be told. Of PostgreSQL only they work for requests: the rest writes to disk what has been committed.
 */
export function databaseCpuMs(database: string): number {
  const known = seen.get(database) ?? new Map<number, number>()
  seen.set(database, known)
  if (process.platform !== 'linux') return 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      // As PostgreSQL names its processes: postgres: <user> <database> <address> <what it does>
      const [, , of] = readFileSync(`/proc/${name}/cmdline`, 'utf8').split(' ')
      if (of === database) known.set(Number(name), cpuMsOf(Number(name)))
    } catch {
      // It has ended since the folder was read.
    }
  }
  return [...known.values()].reduce((sum, ms) => sum + ms, 0)
}
