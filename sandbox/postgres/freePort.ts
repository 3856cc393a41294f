import { once } from 'node:events'
import { createServer } from 'node:net'

/** Answers `preferred` when nothing listens on it, otherwise a port that is free now. */
export async function freePort(preferred: number): Promise<number> {
  return (await tryPort(preferred)) ?? (await tryPort(0)) ?? preferred
}

async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' ? address?.port : undefined
  } catch {
    return undefined
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
}
