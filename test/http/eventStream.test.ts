import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { EventStream } from '../../src/http/eventStream.ts'

test('a reader that does not keep up is cut off, and what waits for it stays small', async () => {
  const server = fastify({ serverFactory: (handler) => createServer(handler) })
  const { promise: most, resolve } = Promise.withResolvers<number>()
  server.get('/', async (_request, reply) => {
    const { raw } = reply
    const stream = new EventStream(reply, { retryMs: 1000 })
    let waiting = 0
    const more = () => {
      if (raw.destroyed) return resolve(waiting)
      stream.send('data: x\n\n'.repeat(2_000))
      waiting = Math.max(waiting, raw.writableLength)
      setImmediate(more)
    }
    more()
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.close())
  const { port } = server.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1').pause()
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(await most).toBeLessThan(300_000)
})
