import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../sandbox/postgres/freePort.ts'

/** A program that a test has started. */
export interface Running {
  port: number
  /** What it has written on stderr so far. */
  complaints: () => string
  stop: () => Promise<void>
}

/** Who stands behind a proxy, each as `host:port`. */
export interface Behind {
  frontgate: string
  product: string
}

// Debian keeps servers where only root's PATH leads.
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

/** Starts the product, which is written in Python. */
export async function startProduct(): Promise<Running> {
  const script = fileURLToPath(new URL('product.py', import.meta.url))
  const child = spawn('python3', [script], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const complaints = collect(child)
  for await (const line of createInterface(child.stdout)) {
    return { port: Number(line), complaints, stop: () => end(child) }
  }
  throw new Error(`The product did not start: ${complaints()}`)
}

/** Starts nginx with the file of the guide, with addresses and folders of the test's. */
export async function startNginx(
  file: string,
  behind: Behind,
  changes: [string, string][] = [],
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'frontgate-nginx-'))
  const port = await freePort(0)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ')
  const text = fill(file, behind, [
    ...changes,
    ['listen 8080;', `listen 127.0.0.1:${port};`],
    ['http {', `http { access_log off; ${temporary}`],
  ])
  writeFileSync(join(folder, 'nginx.conf'), text)
  const asRoot = process.getuid?.() === 0 ? ' user root;' : ''
  const globals = `daemon off; pid ${folder}/pid; error_log stderr;${asRoot}`
  const child = spawn('nginx', ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', 'stderr', '-g', globals], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return listening(child, port, folder)
}

/** Starts Caddy with the file of the guide. */
export async function startCaddy(
  file: string,
  behind: Behind,
  changes: [string, string][] = [],
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'frontgate-caddy-'))
  const port = await freePort(0)
  const options = '{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n'
  const text = fill(file, behind, [...changes, [':8080 {', `:${port} {`]])
  writeFileSync(join(folder, 'Caddyfile'), options + text)
  const child = spawn('caddy', ['run', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile'], {
    env: { ...environment, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return listening(child, port, folder)
}

function fill(file: string, { frontgate, product }: Behind, changes: [string, string][]): string {
  const path = fileURLToPath(new URL(`../../examples/proxies/${file}`, import.meta.url))
  let text = readFileSync(path, 'utf8')
  for (const [from, to] of [
    ...changes,
    ['127.0.0.1:4000', frontgate],
    ['127.0.0.1:8000', product],
  ] as const) {
    if (!text.includes(from)) throw new Error(`${file} does not name ${from}`)
    text = text.replaceAll(from, to)
  }
  return text
}

async function listening(child: ChildProcess, port: number, folder: string): Promise<Running> {
  const complaints = collect(child)
  const stop = async () => {
    await end(child)
    rmSync(folder, { recursive: true })
  }
  const gone = Promise.race([once(child, 'exit'), once(child, 'error')])
  let isGone = false
  gone.then(
    () => (isGone = true),
    () => (isGone = true),
  )
  while (!(await answers(port))) {
    if (isGone) {
      if (existsSync(folder)) rmSync(folder, { recursive: true })
      throw new Error(`${child.spawnfile} did not start: ${complaints()}`)
    }
    await wait(20)
  }
  return { port, complaints, stop }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function collect({ stderr }: ChildProcess): () => string {
  let text = ''
  stderr?.on('data', (chunk) => {
    text += String(chunk)
  })
  return () => text
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
