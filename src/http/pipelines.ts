import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Browsers and proxies wait for an answer before they ask again; whoever asks ahead may do so a little. */
const MOST_AT_ONCE = 32

/**
 * Tells of each request whether its connection has more of them unanswered than anybody needs. Answers wait in memory for
 * those before them, so that a kilobyte of requests that nobody reads the answers of could hold a hundred megabytes.
 */
export function boundPipelines(): (socket: Socket, response: ServerResponse) => boolean {
  const unanswered = new WeakMap<Socket, number>()
  return (socket, response) => {
    const count = (unanswered.get(socket) ?? 0) + 1
    unanswered.set(socket, count)
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1))
    return count > MOST_AT_ONCE
  }
}
