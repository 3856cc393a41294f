import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below what Linux, macOS and Windows hand out themselves, so that between the answer and its use no connection and no
 * server that asks for any port gets the same one.
 */
const [FIRST, LAST] = [20_000, 32_000]

/** Answers `preferred`, unless it is 0 or something listens on it, otherwise a port that is free now. */
export async function freePort(preferred: number): Promise<number> {
  let port = preferred || randomInt(FIRST, LAST)
  while (!(await isFree(port))) port = randomInt(FIRST, LAST)
  return port
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
}
