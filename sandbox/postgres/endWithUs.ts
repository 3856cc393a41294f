import type { ChildProcess } from 'node:child_process'
import type { Place } from './postgresHome.ts'
import { spawnProgram } from './spawnProgram.ts'

/** Ends the program when this process ends first, however it ends, until the returned call. */
export function endWithUs(program: ChildProcess, place: Place): () => void {
  const end = () => program.kill('SIGINT')
  process.once('exit', end)
  const watcher = process.platform === 'win32' ? undefined : watch(program, place)
  return () => {
    process.off('exit', end)
    watcher?.kill('SIGKILL')
  }
}

/** A shell that waits on a pipe from us: the system closes it also when we are killed and can do nothing ourselves. */
function watch(program: ChildProcess, place: Place): ChildProcess {
  const script = 'read -r _; kill -INT "$1"'
  const watcher = spawnProgram(
    place,
    '/bin/sh',
    ['-c', script, 'sh', String(program.pid)],
    ['pipe', 'ignore', 'ignore'],
  )
  // Without a shell, the next start clears up what is left.
  watcher.on('error', () => {})
  return watcher
}
