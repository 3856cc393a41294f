import { type IncomingHttpHeaders, request as send } from 'node:http'

/** What a client sends: headers as pairs, so that one can stand there twice and be spelled in any way. */
export interface Ask {
  method?: string
  as?: string | null
  headers?: [string, string][]
  body?: string | Buffer
}

export interface Heard {
  status: number
  headers: IncomingHttpHeaders
  text: string
  // What the product or the gate says is what the tests look at.
  // biome-ignore lint/suspicious/noExplicitAny: the shape of each reply is what the tests assert
  body: any
}

/** Sends a request to a port of this machine, on a connection of its own. */
export function ask(
  port: number,
  path: string,
  { method = 'GET', as, headers = [], body }: Ask = {},
): Promise<Heard> {
  const bearer: [string, string][] = as ? [['Authorization', `Bearer ${as}`]] : []
  const length: [string, string][] =
    body === undefined ? [] : [['Content-Length', String(Buffer.byteLength(body))]]
  const pairs = [['Host', 'product.example'], ...bearer, ...length, ...headers]
  return new Promise((resolve, reject) => {
    const request = send(
      { host: '127.0.0.1', port, path, method, headers: pairs.flat(), agent: false },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk) => chunks.push(chunk))
        reply.on('error', reject)
        reply.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const isJson = /json/.test(String(reply.headers['content-type'])) && text !== ''
          resolve({
            status: Number(reply.statusCode),
            headers: reply.headers,
            text,
            body: isJson ? JSON.parse(text) : null,
          })
        })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** Upgrades the connection, sends a line, and returns the status and the two lines that come back. */
export function upgrade(
  port: number,
  path: string,
  as: string | null,
): Promise<{ status: number; lines: string[] }> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...(as && { authorization: `Bearer ${as}` }),
  }
  return new Promise((resolve, reject) => {
    const request = send({ host: '127.0.0.1', port, path, headers, agent: false })
    request.on('response', (reply) => {
      reply.resume()
      resolve({ status: Number(reply.statusCode), lines: [] })
    })
    request.on('upgrade', (reply, socket, head) => {
      let text = String(head)
      socket.on('error', reject)
      socket.on('data', (chunk) => {
        text += String(chunk)
        const lines = text.split('\n')
        if (lines.length < 3) return
        socket.destroy()
        resolve({ status: Number(reply.statusCode), lines: lines.slice(0, 2) })
      })
      socket.write('hello\n')
    })
    request.on('error', reject)
    request.end()
  })
}
