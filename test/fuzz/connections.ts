import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { exchange } from './exchange.ts'
import { faultsOf } from './judge.ts'
import type { Failure } from './play.ts'
import type { Stage } from './stage.ts'

const JSON_HEAD = 'Host: x\r\nContent-Type: application/json\r\n'
const login = (head: string, rest: string) => `POST /v1/auth/login HTTP/1.1\r\n${JSON_HEAD}${head}\r\n${rest}`
const SECOND = 'GET /v1/config HTTP/1.1\r\nHost: x\r\n\r\n'
const bomb = gzipSync(Buffer.alloc(50_000_000)).subarray(0, 60_000)

/** Bytes that are no good request, or hide a second one; of the latter only one may be answered. */
const oddBytes: { name: string; bytes: string; isOne?: true }[] = [
  {
    name: 'two lengths',
    bytes: login('Content-Length: 2\r\nContent-Length: 40\r\n', `{}${SECOND}`),
    isOne: true,
  },
  {
    name: 'a length and chunks',
    bytes: login('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SECOND}`),
    isOne: true,
  },
  {
    name: 'chunks and a length',
    bytes: login('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${SECOND}`),
    isOne: true,
  },
  {
    name: 'chunked, and not last',
    bytes: login('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${SECOND}`),
    isOne: true,
  },
  {
    name: 'chunked under another name',
    bytes: login('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${SECOND}`),
    isOne: true,
  },
  {
    name: 'chunked twice',
    bytes: login('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', `0\r\n\r\n${SECOND}`),
    isOne: true,
  },
  { name: 'a space before the colon', bytes: login('Content-Length : 2\r\n', `{}${SECOND}`), isOne: true },
  { name: 'a folded header', bytes: login('Content-Length:\r\n 2\r\n', `{}${SECOND}`), isOne: true },
  {
    name: 'lines that end with LF alone',
    bytes: `GET /v1/config HTTP/1.1\nHost: x\n\n${SECOND}`,
    isOne: true,
  },
  { name: 'CR within a header', bytes: `GET /v1/config HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n` },
  { name: 'NUL within a header', bytes: `GET /v1/config HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n` },
  {
    name: 'a chunk longer than it says',
    bytes: login('Transfer-Encoding: chunked\r\n', '1\r\n{}\r\n0\r\n\r\n'),
  },
  {
    name: 'a chunk of a size beyond numbers',
    bytes: login('Transfer-Encoding: chunked\r\n', 'ffffffffffffffffff\r\n{}'),
  },
  {
    name: 'a chunk with a negative size',
    bytes: login('Transfer-Encoding: chunked\r\n', '-1\r\n{}\r\n0\r\n\r\n'),
  },
  {
    name: 'a chunk with a long extension',
    bytes: login('Transfer-Encoding: chunked\r\n', `2;${'x'.repeat(40_000)}\r\n{}\r\n0\r\n\r\n`),
  },
  {
    name: 'long trailers',
    bytes: login('Transfer-Encoding: chunked\r\n', `2\r\n{}\r\n0\r\n${'X: y\r\n'.repeat(5_000)}\r\n`),
  },
  {
    name: 'an endless chunk of spaces',
    bytes: login(
      'Transfer-Encoding: chunked\r\n',
      `ffff\r\n${' '.repeat(65_535)}\r\nffff\r\n${' '.repeat(65_535)}`,
    ),
  },
  {
    name: 'a bomb',
    bytes: `${login(`Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n`, '')}${bomb.toString('latin1')}`,
  },
  { name: 'no Host', bytes: 'GET /v1/config HTTP/1.1\r\n\r\n' },
  { name: 'two Hosts', bytes: 'GET /v1/config HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n' },
  { name: 'an address of elsewhere', bytes: 'GET http://evil.example/v1/config HTTP/1.1\r\nHost: x\r\n\r\n' },
  { name: 'an authority', bytes: 'GET evil.example:80 HTTP/1.1\r\nHost: x\r\n\r\n' },
  { name: 'the whole server', bytes: 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n' },
  { name: 'a path that is a fragment', bytes: 'GET # HTTP/1.1\r\nHost: x\r\n\r\n' },
  { name: 'no path', bytes: 'GET  HTTP/1.1\r\nHost: x\r\n\r\n' },
  { name: 'a path that climbs', bytes: 'GET /assets/../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n' },
  {
    name: 'a path that climbs, encoded',
    bytes: 'GET /assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1\r\nHost: x\r\n\r\n',
  },
  { name: 'a path with NUL', bytes: 'GET /assets/%00.js HTTP/1.1\r\nHost: x\r\n\r\n' },
  { name: 'a path of slashes', bytes: `GET ${'/'.repeat(8_000)} HTTP/1.1\r\nHost: x\r\n\r\n` },
  { name: 'a path in bytes', bytes: 'GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n' },
  { name: 'a long line', bytes: `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n` },
  {
    name: 'thousands of headers',
    bytes: `GET /v1/config HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(2_500)}\r\n`,
  },
  {
    name: 'thousands of parameters',
    bytes: `GET /v1/config?${'a&'.repeat(7_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  },
  { name: 'a method that is none', bytes: 'JUMP /v1/config HTTP/1.1\r\nHost: x\r\n\r\n' },
  { name: 'CONNECT', bytes: 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n' },
  { name: 'TRACE', bytes: 'TRACE /v1/config HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' },
  {
    name: 'an upgrade',
    bytes: 'GET /v1/config HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n',
  },
  {
    name: 'an expectation',
    bytes: login('Expect: miracles\r\nContent-Length: 2\r\nConnection: close\r\n', '{}'),
  },
  {
    name: 'an expected go-ahead',
    bytes: login('Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n', '{}'),
  },
  { name: 'HTTP/0.9', bytes: 'GET /v1/config\r\n\r\n' },
  { name: 'HTTP/1.0', bytes: 'GET /v1/config HTTP/1.0\r\n\r\n' },
  { name: 'HTTP/2 without asking', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  { name: 'HTTP/9.9', bytes: 'GET /v1/config HTTP/9.9\r\nHost: x\r\n\r\n' },
  { name: 'TLS', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03random' },
  {
    name: 'noise',
    bytes: Array.from({ length: 4_000 }, (_, i) => String.fromCharCode((i * 73) % 256)).join(''),
  },
  {
    name: 'a thousand requests at once',
    bytes: `${'GET /v1/plans HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000)}`,
  },
]

const ODD_WITHIN_MS = 15_000

/** Says each of them on a connection of its own. Whatever comes back is an answer in the words of the contract, or nothing. */
export async function sayOddBytes(stage: Stage): Promise<Failure[]> {
  return (await Promise.all(oddBytes.map((odd) => sayOdd(stage, odd)))).flat()
}

async function sayOdd(stage: Stage, { name, bytes, isOne }: (typeof oddBytes)[number]): Promise<Failure[]> {
  const outcome = await exchange(stage.port, Buffer.from(bytes, 'latin1'), {
    within: ODD_WITHIN_MS,
    mayLackEnd: true,
  })
  const replies = outcome.raw.match(/^HTTP\/1\.1 [2-5]/gm)?.length ?? 0
  const faults = [
    ...(outcome.kind === 'cut' ? [] : faultsOf(outcome, { method: bytes.split(' ', 1)[0] ?? '' })),
    ...(isOne && replies > 1 ? [`${replies} replies to what may be one request`] : []),
  ]
  if (faults.length === 0) return []
  const what = `printf ${JSON.stringify(bytes.slice(0, 300))} | nc 127.0.0.1 ${stage.port}`
  return [{ what, faults: faults.map((fault) => `${name}: ${fault}`), answer: outcome.raw.slice(0, 800) }]
}

/** Clients that hold a connection and give nothing for it. */
const slowClients: { name: string; begin: (socket: Socket, stage: Stage) => void; drip?: string }[] = [
  { name: 'says nothing', begin: () => undefined },
  {
    name: 'sends headers byte by byte',
    begin: (socket) => socket.write('GET /v1/config HTTP/1.1\r\nHost: x\r\nX: '),
    drip: 'x',
  },
  {
    name: 'sends a body byte by byte',
    begin: (socket) => socket.write(login('Content-Length: 5000\r\n', '{"email":"')),
    drip: 'x',
  },
  {
    name: 'sends chunks one by one',
    begin: (socket) => socket.write(login('Transfer-Encoding: chunked\r\n', '')),
    drip: '1\r\n \r\n',
  },
  {
    name: 'asks for much and reads none of it',
    begin: (socket) => {
      socket.pause()
      socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20))
    },
    drip: 'x',
  },
  {
    name: 'asks for one answer after another and reads none',
    begin: (socket) => {
      socket.pause()
      socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n')
    },
    drip: 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n',
  },
]

const DRIP_EVERY_MS = 1_000
const LOOK_EVERY_MS = 250

export interface Held {
  name: string
  /** How long the service let the last of them be. */
  cutAfterMs: number
  left: number
}

/** Has many clients of each kind hold connections, all at once, until the service has cut them or the time is up. */
export async function holdConnections(
  stage: Stage,
  { each, within }: { each: number; within: number },
): Promise<Held[]> {
  const began = performance.now()
  return Promise.all(
    slowClients.map(async ({ name, begin, drip }) => {
      const sockets = await Promise.all(Array.from({ length: each }, () => dial(stage.port)))
      const left = new Set(sockets)
      let cutAfterMs = 0
      for (const socket of sockets) {
        socket.on('close', () => {
          left.delete(socket)
          cutAfterMs = performance.now() - began
        })
        // That it is cut is only seen by who reads, or writes.
        socket.resume()
        begin(socket, stage)
      }
      const dripping = setInterval(() => {
        if (drip) for (const socket of left) socket.write(drip)
      }, DRIP_EVERY_MS)
      while (left.size > 0 && performance.now() - began < within) await delay(LOOK_EVERY_MS)
      clearInterval(dripping)
      const outcome = { name, cutAfterMs, left: left.size }
      for (const socket of left) socket.destroy()
      return outcome
    }),
  )
}

/** Opens a connection, as soon as the service takes it. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined)
  return socket
}
