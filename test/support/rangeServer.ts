import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface RangeServer {
  /** What BREACHED_PASSWORDS_URL is to be. */
  url: string
  /** The paths it was asked for. */
  asked: string[]
}

/**
 * A k-anonymity range service for the test that is running, which knows these passwords as breached. A count
 * of 0 is padding.
 */
export async function startRangeServer(
  breached: Record<string, number>,
  { status = 200, isDown = false } = {},
): Promise<RangeServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const lines = Object.entries(breached)
      .map(
        ([password, count]) =>
          [createHash('sha1').update(password).digest('hex').toUpperCase(), count] as const,
      )
      .filter(([digest]) => path === `/range/${digest.slice(0, 5)}`)
      .map(([digest, count]) => `${digest.slice(5)}:${count}`)
    response
      .writeHead(status, { 'content-type': 'text/plain' })
      .end(['0'.repeat(35).concat(':4'), ...lines].join('\r\n'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  if (isDown) stop()
  else onTestFinished(stop)
  return { url: `http://127.0.0.1:${port}/range/`, asked }
}
