import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { alerts } from './files.ts'

/** A real Prometheus that looks every second and waits for nothing, for the test that is running. */
export class Prometheus {
  readonly #origin: string

  private constructor(port: number) {
    this.#origin = `http://127.0.0.1:${port}`
  }

  /** Starts it with our alerts, each without its `for`, on services at these ports. */
  static async start(...ports: number[]): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'frontgate-prometheus-'))
    writeFileSync(join(folder, 'alerts.yaml'), alerts().replace(/^ +for: .*\n/gm, ''))
    const targets = ports.map((port) => `'127.0.0.1:${port}'`).join(', ')
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [alerts.yaml]
scrape_configs: [{ job_name: frontgate, static_configs: [{ targets: [${targets}] }] }]
`,
    )
    const port = await freePort(0)
    const child = spawn(
      'prometheus',
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let complaints = ''
    child.stderr.on('data', (chunk) => (complaints += String(chunk)))
    const ended = once(child, 'exit').catch(() => undefined)
    onTestFinished(async () => {
      child.kill()
      await ended
      rmSync(folder, { recursive: true })
    })
    const prometheus = new Prometheus(port)
    while (!(await fetch(`${prometheus.#origin}/-/ready`).catch(() => null))?.ok) {
      if (child.exitCode !== null) throw new Error(`Prometheus did not start: ${complaints}`)
      await wait(50)
    }
    return prometheus
  }

  /** What fires right now, in the order of the alphabet, without severities. */
  async firing(): Promise<string[]> {
    const { alerts: known } = await this.#ask<{ alerts: { labels: { alertname: string }; state: string }[] }>(
      'alerts',
    )
    const names = known.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname)
    return [...new Set(names)].sort()
  }

  /** How many times every rule has been reckoned without a fault since something was scraped; fails where one has a fault. */
  async hasReckoned(): Promise<boolean> {
    const { groups } = await this.#ask<{
      groups: { rules: { name: string; health: string; lastError?: string }[] }[]
    }>('rules')
    const rules = groups.flatMap((group) => group.rules)
    const faulty = rules.filter(({ health }) => health === 'err')
    if (faulty.length > 0)
      throw new Error(faulty.map(({ name, lastError }) => `${name}: ${lastError}`).join())
    const { result } = await this.#ask<{ result: unknown[] }>('query?query=frontgate_build_info')
    return result.length > 0 && rules.every(({ health }) => health === 'ok')
  }

  async #ask<T>(path: string): Promise<T> {
    const reply = await fetch(`${this.#origin}/api/v1/${path}`)
    return ((await reply.json()) as { data: T }).data
  }
}
