import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../sandbox/postgres/freePort.ts'

export interface Program {
  /** The file, from the folder of the package, and its arguments. */
  args: (port: number) => string[]
  env: NodeJS.ProcessEnv
  /** Answers 200 once the program can work. */
  readyPath: string
}

export interface Running {
  port: number
  /** From starting the process to the first answer. */
  startMs: number
  residentMiB: () => number
  /** What its process has used since it began; 0 where that cannot be told. */
  cpuMs: () => number
  stop: () => Promise<void>
}

const root = fileURLToPath(new URL('..', import.meta.url))
const START_WITHIN_MS = 60_000
const TRY_EVERY_MS = 4
const MS_PER_TICK = 10

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program as a process of its own, whose output goes nowhere, and waits until it answers. */
export async function startProgram({ args, env, readyPath }: Program): Promise<Running> {
  const port = await freePort(0)
  const began = performance.now()
  const child = spawn(process.execPath, args(port), {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', PORT: String(port), ...env },
    // What it logs is written, as in production, but costs no disk.
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const exited = once(child, 'exit')
  running.add(child)
  while (!(await answers(port, readyPath))) {
    if (child.exitCode !== null || performance.now() - began > START_WITHIN_MS) {
      child.kill('SIGKILL')
      throw new Error(`${args(port).join(' ')} did not start: ${complaint}`)
    }
    await delay(TRY_EVERY_MS)
  }
  const startMs = performance.now() - began
  return {
    port,
    startMs,
    residentMiB: () => residentKiB(child.pid ?? 0) / 1024,
    cpuMs: () => cpuMsOf(child.pid ?? 0),
    async stop() {
      child.kill('SIGTERM')
      await exited
      running.delete(child)
    },
  }
}

function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode === 200))
    }).on('error', () => resolve(false))
  })
}

function residentKiB(pid: number): number {
  if (process.platform !== 'linux') return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)]))
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** What a process has used since it began; 0 where that cannot be told. */
export function cpuMsOf(pid: number): number {
  if (process.platform !== 'linux') return 0
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}
