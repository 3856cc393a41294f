import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import type { Place } from './postgresHome.ts'

/** Starts a program of PostgreSQL as its user and in its home, untouched by the terminal's Ctrl-C and by PG* variables. */
export function spawnProgram(
  place: Place,
  program: string,
  args: string[],
  output: StdioOptions,
): ChildProcess {
  const { home, user } = place
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))
  try {
    return spawn(program, args, {
      cwd: home,
      // With a time zone given, initdb does not spend a tenth of a second guessing one.
      env: { ...Object.fromEntries(inherited), LC_ALL: 'C', TZ: 'UTC' },
      stdio: output,
      detached: process.platform !== 'win32',
      windowsHide: true,
      ...(user && { uid: user.uid, gid: user.gid }),
    })
  } catch (error) {
    throw cannotRun(error, place)
  }
}

/** Says why a program of PostgreSQL could not even be started, and what to do. */
export function cannotRun(error: unknown, { user }: Place): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const mayNotSwitch = user && (code === 'EPERM' || code === 'EINVAL')
  const reason = mayNotSwitch
    ? `It refuses to run as root, and this root may not act as the user ${user.name}: run this as an ordinary user, or`
    : 'Its programs need a system with glibc. On another one,'
  return new Error(
    `PostgreSQL cannot be run here (${error}). ${reason} set DATABASE_URL to a PostgreSQL of your own.`,
    {
      cause: error,
    },
  )
}
