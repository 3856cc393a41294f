import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { testEnvironment } from '../support/testEnvironment.ts'

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** The real program in a process of its own. */
export class ServiceProcess {
  readonly origin: string
  readonly logged: string[] = []
  /** The exit code and the signal, once it has ended. */
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>
  readonly #child: ChildProcess

  private constructor(args: string[], port: number, env: NodeJS.ProcessEnv) {
    this.origin = `http://127.0.0.1:${port}`
    const own = { HOST: '127.0.0.1', PORT: String(port), WORKER_CONCURRENCY: '2' }
    this.#child = spawn(process.execPath, [program, ...args], {
      env: { ...process.env, ...testEnvironment, ...own, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.ended = once(this.#child, 'exit') as typeof this.ended
    onTestFinished(async () => {
      this.kill('SIGKILL')
      await this.ended
    })
  }

  /** Starts it and waits until it says so. */
  static async start(env: NodeJS.ProcessEnv, args = ['serve']): Promise<ServiceProcess> {
    const service = new ServiceProcess(args, await freePort(0), env)
    const { promise: started, resolve } = Promise.withResolvers<void>()
    if (service.#child.stdout) {
      createInterface(service.#child.stdout).on('line', (line) => {
        service.logged.push(line)
        if (line.includes('"message":"started"')) resolve()
      })
    }
    const [code] = (await Promise.race([started, service.ended])) ?? []
    if (code !== undefined) throw new Error(`The service ended with ${code}: ${service.logged.join('\n')}`)
    return service
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  post(path: string, body: object, accessToken?: string): Promise<Response> {
    const authorization = accessToken ? { authorization: `Bearer ${accessToken}` } : {}
    return fetch(this.origin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify(body),
    })
  }
}
