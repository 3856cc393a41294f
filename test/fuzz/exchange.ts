import { connect } from 'node:net'

/** How a connection went: answered with a whole reply, cut by the service, or left without a word until the time was up. */
export type Outcome =
  | {
      kind: 'answered'
      status: number
      headers: Record<string, string>
      body: Buffer
      /** Something comes behind what its head says is all of it. */
      isFollowed: boolean
      ms: number
      raw: string
    }
  | { kind: 'cut'; ms: number; raw: string }
  | { kind: 'silent'; ms: number; raw: string }

const HALF_CLOSE_AFTER_MS = 300

/**
 * Says some bytes on a connection of its own and reads what comes until the service hangs up. A reply that goes on for
 * ever is left after its head. With `mayLackEnd` the service is told that nothing more comes, since it may wait for it.
 */
export function exchange(
  port: number,
  bytes: Buffer,
  { within = 15_000, mayLackEnd = false } = {},
): Promise<Outcome> {
  const began = performance.now()
  const chunks: Buffer[] = []
  let isDone = false
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const finish = (isLate: boolean) => {
      if (isDone) return
      isDone = true
      clearTimeout(timer)
      socket.destroy()
      resolve(outcomeOf(Buffer.concat(chunks), performance.now() - began, isLate))
    }
    const timer = setTimeout(finish, within, true)
    socket.on('error', () => undefined)
    socket.on('close', () => finish(false))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (/^content-type: text\/event-stream/im.test(chunk.toString('latin1'))) finish(false)
    })
    socket.write(bytes)
    if (mayLackEnd) setTimeout(() => socket.end(), HALF_CLOSE_AFTER_MS)
  })
}

function outcomeOf(bytes: Buffer, ms: number, isLate: boolean): Outcome {
  const raw = bytes.toString('latin1')
  const reply = readReply(raw)
  if (reply) return { kind: 'answered', ...reply, ms, raw }
  return { kind: isLate ? 'silent' : 'cut', ms, raw }
}

type Reply = Pick<Extract<Outcome, { kind: 'answered' }>, 'status' | 'headers' | 'body' | 'isFollowed'>

/** The first reply that is no interim one; null where there is no whole one. */
function readReply(raw: string): Reply | null {
  const end = raw.indexOf('\r\n\r\n')
  if (end < 0) return null
  const [first = '', ...lines] = raw.slice(0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1])
  if (status < 200) return readReply(raw.slice(end + 4))
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  )
  const rest = Buffer.from(raw.slice(end + 4), 'latin1')
  if (/chunked/.test(headers['transfer-encoding'] ?? ''))
    return { status, headers, body: dechunked(rest), isFollowed: false }
  const length = Number(headers['content-length'] ?? rest.length)
  return { status, headers, body: rest.subarray(0, length), isFollowed: rest.length > length }
}

function dechunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const line = bytes.indexOf('\r\n', at)
    const length = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (!(length > 0)) break
    parts.push(bytes.subarray(line + 2, line + 2 + length))
    at = line + 2 + length + 2
  }
  return Buffer.concat(parts)
}
