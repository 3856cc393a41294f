import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../../sandbox/postgres/freePort.ts'

/** A redis-server on loopback that keeps nothing. */
export class RedisServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'frontgate-redis-'))
  readonly #port: number
  #process: ChildProcess | undefined

  private constructor(port: number) {
    this.#port = port
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort(0))
    await server.startAgain()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  async startAgain(): Promise<void> {
    const options = ['--port', String(this.#port), '--bind', '127.0.0.1', '--save', '', '--dir', this.#folder]
    const process = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = process
    for await (const line of createInterface(process.stdout)) {
      if (line.includes('Ready to accept connections')) return void process.stdout.resume()
    }
    throw new Error('redis-server did not start')
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    const ended = this.#process && once(this.#process, 'exit')
    this.#process?.kill('SIGKILL')
    await ended
    this.#process = undefined
  }

  async remove(): Promise<void> {
    if (this.#process) await this.kill()
    rmSync(this.#folder, { recursive: true })
  }
}
