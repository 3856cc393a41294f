import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A stretch of network between the service and a server, which a test can cut or hold up. */
export class TcpProxy {
  readonly #target: URL
  readonly #sockets = new Set<Socket>()
  #listener: Server
  #port = 0
  #passing = Promise.resolve()
  #letPass = () => {}
  #asking = Promise.resolve()
  #answersAreLost = false
  #stalling: { words: string; met: () => void } | undefined
  /** How many connections were made so far. */
  taken = 0

  private constructor(target: URL) {
    this.#target = target
    this.#listener = this.#listen()
  }

  /** Opens a way to the server of this URL. */
  static async start(targetUrl: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(targetUrl))
    await once(proxy.#listener, 'listening')
    return proxy
  }

  /** The URL of the target, by this way. */
  get url(): string {
    const address = this.#listener.address()
    if (typeof address === 'object' && address) this.#port = address.port
    return Object.assign(new URL(this.#target), { port: String(this.#port) }).href
  }

  get isOpen(): boolean {
    return this.#listener.listening
  }

  /** Breaks every connection and refuses new ones, as when the server is gone. */
  async cut(): Promise<void> {
    void this.url
    const closed = once(this.#listener, 'close')
    this.#listener.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /**
   * Passes on what is asked, and swallows every answer until the connections are cut. Nothing is asked while `work` goes
   * on, so that what is lost is only what is asked once it is done.
   */
  async loseAnswersAfter<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#asking = promise
    const done = await work()
    this.#answersAreLost = true
    resolve()
    return done
  }

  /** Passes nothing on any more of the next connection that asks for this, from there on; resolves once it does. */
  stallAt(words: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stalling = { words, met: resolve }
    return promise
  }

  async restore(): Promise<void> {
    this.#answersAreLost = false
    this.#listener = this.#listen(this.#port)
    await once(this.#listener, 'listening')
  }

  /** Takes connections and bytes, and passes nothing on until `release`. */
  hold(): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#passing = promise
    this.#letPass = resolve
  }

  release(): void {
    this.#letPass()
  }

  async stop(): Promise<void> {
    this.release()
    if (this.isOpen) await this.cut()
  }

  #listen(port = 0): Server {
    const server = createServer((client) => void this.#join(client))
    return server.listen(port, '127.0.0.1')
  }

  async #join(client: Socket): Promise<void> {
    this.taken++
    this.#keep(client)
    await this.#passing
    if (client.destroyed) return
    const upstream = this.#keep(connect(Number(this.#target.port), this.#target.hostname))
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    await Promise.all([
      this.#relay(client, upstream, () => this.#asking),
      this.#relay(upstream, client, undefined, () => this.#answersAreLost),
    ])
  }

  async #relay(
    from: Socket,
    to: Socket,
    held = () => Promise.resolve(),
    isLost = () => false,
  ): Promise<void> {
    try {
      for await (const chunk of from) {
        await this.#passing
        await held()
        if (this.#stalling && chunk.includes(this.#stalling.words)) await this.#stall(from)
        if (!isLost()) to.write(chunk)
      }
      to.end()
    } catch {
      to.destroy()
    }
  }

  async #stall(socket: Socket): Promise<void> {
    this.#stalling?.met()
    this.#stalling = undefined
    await once(socket, 'close')
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    // Broken connections are what this is for.
    socket.on('error', () => undefined)
    return socket
  }
}
