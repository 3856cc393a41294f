import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

// Debian keeps servers where only root's PATH leads.
const PATH = `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`

/** The environment that programs of Debian are started with. */
export const environment: NodeJS.ProcessEnv = { ...process.env, PATH, LC_ALL: 'C.UTF-8' }

/** Which Debian packages have to be installed first, of those that bring these programs. */
export function missingPackages(programs: Record<string, string>): string[] {
  const folders = PATH.split(delimiter)
  const isThere = (program: string) =>
    program.includes('/') ? existsSync(program) : folders.some((folder) => existsSync(join(folder, program)))
  const missing = Object.entries(programs).filter(([program]) => !isThere(program))
  return [...new Set(missing.map(([, name]) => name))]
}
