import type { ChildProcess } from 'node:child_process'
import type { Place } from './postgresHome.ts'
import { spawnProgram } from './spawnProgram.ts'

/** Ends the server when this process ends without having stopped it, however it ends, until the returned call. */
export function endWithUs(server: ChildProcess, place: Place): () => void {
  const end = () => server.kill('SIGINT')
  process.once('exit', end)
  const watcher = process.platform === 'win32' ? undefined : watch(server, place)
  return () => {
    process.off('exit', end)
    watcher?.kill('SIGKILL')
  }
}

/** A shell that waits on a pipe from us: the system closes it also when we are killed and can do nothing ourselves. */
function watch(server: ChildProcess, place: Place): ChildProcess {
  const script = 'read -r _; kill -INT "$1"'
  const watcher = spawnProgram(
    place,
    '/bin/sh',
    ['-c', script, 'sh', String(server.pid)],
    ['pipe', 'ignore', 'ignore'],
  )
  // Without a shell, the next start ends what is left.
  watcher.on('error', () => {})
  return watcher
}
