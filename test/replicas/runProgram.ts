import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { environment } from '../failover/programs.ts'

const TRY_EVERY_MS = 20

/** Starts a program of Debian, perhaps as another user, and waits until it listens. */
export async function runProgram(
  name: string,
  args: string[],
  port: number,
  user?: { uid: number; gid: number },
): Promise<{ stop: () => Promise<void> }> {
  const child = spawn(name, args, {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(user && { uid: user.uid, gid: user.gid }),
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  const ended = Promise.race([once(child, 'exit'), once(child, 'error')])
  let isGone = false
  void ended.then(
    () => (isGone = true),
    () => (isGone = true),
  )
  while (!(await listens(port))) {
    if (isGone) throw new Error(`${name} did not start: ${complaints}`)
    await delay(TRY_EVERY_MS)
  }
  return {
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
