import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { placeFor } from '../../sandbox/postgres/postgresHome.ts'
import { fillDeployFile } from '../replicas/fillDeployFile.ts'
import { environment } from './programs.ts'

const BIN = '/usr/lib/postgresql/15/bin'
const PASSWORD = 'change-me-superuser'
const PORT = 25_432
const REST_PORT = 28_008
const START_WITHIN_MS = 90_000
const LOOK_EVERY_MS = 100

/** What has to be there, and the Debian packages that bring it. */
export const programs = {
  patroni: 'patroni',
  '/usr/lib/python3/dist-packages/etcd/__init__.py': 'python3-etcd',
  etcd: 'etcd-server',
  haproxy: 'haproxy',
  [`${BIN}/postgres`]: 'postgresql-15',
}

const HOSTS = { etcd: '127.0.1.11', proxy: '127.0.1.20', nodes: ['127.0.1.1', '127.0.1.2', '127.0.1.3'] }

/** One machine with a PostgreSQL and its Patroni. */
export interface Node {
  name: string
  host: string
  data: string
  patroni: ChildProcess | undefined
}

type Role = 'primary' | 'sync_standby' | 'replica'

/** Three servers of PostgreSQL under Patroni with etcd, and a HAProxy that leads to the primary. */
export class Cluster {
  readonly folder: string
  readonly nodes: Node[]
  readonly #user = placeFor(tmpdir()).user
  readonly #children = new Set<ChildProcess>()

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'frontgate-failover-'))
    chmodSync(this.folder, 0o755)
    this.nodes = HOSTS.nodes.map((host, i) => {
      const name = `node${i + 1}`
      return { name, host, data: join(this.#own(name), 'data'), patroni: undefined }
    })
  }

  /** Starts everything and waits until both standbys follow. */
  static async start(): Promise<Cluster> {
    const cluster = new Cluster()
    try {
      cluster.#startEtcd()
      cluster.#startProxy()
      for (const node of cluster.nodes) cluster.startNode(node)
      await cluster.untilWhole()
      return cluster
    } catch (error) {
      await cluster.stop({ keep: true })
      throw error
    }
  }

  /** Where the primary is reached, whichever that is. */
  urlOf(database: string): string {
    return `postgres://postgres:${PASSWORD}@${HOSTS.proxy}:${PORT}/${database}`
  }

  startNode(node: Node): void {
    const file = join(this.#own(node.name), 'patroni.yml')
    const text = fillDeployFile('postgres/patroni.yml', [
      ['10.0.0.11:2379,10.0.0.12:2379,10.0.0.13:2379', `${HOSTS.etcd}:2379`],
      ['name: node1', `name: ${node.name}`],
      ['10.0.0.1:5432', `${node.host}:${PORT}`],
      ['10.0.0.1:8008', `${node.host}:${REST_PORT}`],
      ['10.0.0.0/24', '127.0.0.0/8'],
      ['/var/lib/postgresql/15/frontgate', node.data],
      [
        `bin_dir: ${BIN}`,
        `bin_dir: ${BIN}\n  parameters:\n    unix_socket_directories: ${this.#own(node.name)}`,
      ],
    ])
    writeFileSync(file, text)
    node.patroni = this.#spawn(node.name, '/usr/bin/python3', ['/usr/bin/patroni', file])
  }

  /** As when the machine loses its power: nobody can say goodbye. */
  kill(node: Node): void {
    const postmaster = Number(readFileSync(join(node.data, 'postmaster.pid'), 'utf8').split('\n')[0])
    const pids = [node.patroni?.pid, postmaster, ...childrenOf(postmaster)]
    for (const pid of pids) if (pid) killIfThere(pid)
  }

  async find(role: Role): Promise<Node> {
    for (const node of this.nodes) if ((await roleOf(node)) === role) return node
    throw new Error(`No server is ${role} now`)
  }

  /** Waits until one is the primary and the others follow it, one of them synchronously. */
  async untilWhole(): Promise<void> {
    const until = Date.now() + START_WITHIN_MS
    for (;;) {
      const roles = await Promise.all(this.nodes.map(roleOf))
      if (roles.sort().join() === 'primary,replica,sync_standby') return
      if (Date.now() > until) throw new Error(`The servers are ${roles.join(', ')}: see ${this.folder}`)
      await delay(LOOK_EVERY_MS)
    }
  }

  /** Waits until the primary takes connections, and makes a database there. */
  async createDatabase(name: string): Promise<string> {
    const until = Date.now() + START_WITHIN_MS
    for (;;) {
      const client = new pg.Client({ connectionString: this.urlOf('postgres') })
      client.on('error', () => undefined)
      try {
        await client.connect()
        await client.query(`create database ${name}`)
        return this.urlOf(name)
      } catch (error) {
        if (Date.now() > until) throw error
        await delay(LOOK_EVERY_MS)
      } finally {
        await client.end().catch(() => undefined)
      }
    }
  }

  /** Ends everything; the logs are kept where `keep` says so. */
  async stop({ keep = false } = {}): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const node of this.nodes) {
      try {
        this.kill(node)
      } catch {
        // It has never run.
      }
    }
    await delay(500)
    if (!keep) rmSync(this.folder, { recursive: true, force: true })
  }

  #startEtcd(): void {
    const [client, peer] = [`http://${HOSTS.etcd}:2379`, `http://${HOSTS.etcd}:2380`]
    const data = join(this.#own('etcd'), 'data')
    const addresses = ['--listen-client-urls', client, '--advertise-client-urls', client]
    const peers = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer]
    const cluster = ['--initial-cluster', `etcd=${peer}`, '--name', 'etcd', '--data-dir', data]
    this.#spawn('etcd', 'etcd', [...addresses, ...peers, ...cluster])
  }

  #startProxy(): void {
    const file = join(this.#own('haproxy'), 'haproxy.cfg')
    const nodes = HOSTS.nodes.map((host, i): [string, string] => [`10.0.0.${i + 1}:5432`, `${host}:${PORT}`])
    writeFileSync(
      file,
      fillDeployFile('postgres/haproxy.cfg', [
        ['10.0.0.20:5432', `${HOSTS.proxy}:${PORT}`],
        ['port 8008', `port ${REST_PORT}`],
        ...nodes,
      ]),
    )
    this.#spawn('haproxy', 'haproxy', ['-db', '-f', file])
  }

  #spawn(name: string, program: string, args: string[]): ChildProcess {
    const log = openSync(join(this.folder, `${name}.log`), 'a')
    const child = spawn(program, args, {
      env: { ...environment, HOME: this.#own(name) },
      cwd: this.#own(name),
      stdio: ['ignore', log, log],
      ...(this.#user && { uid: this.#user.uid, gid: this.#user.gid }),
    })
    this.#children.add(child)
    void once(child, 'exit').then(() => this.#children.delete(child))
    return child
  }

  /** A folder of the one who runs it. */
  #own(name: string): string {
    const folder = join(this.folder, name)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (this.#user) chownSync(folder, this.#user.uid, this.#user.gid)
    return folder
  }
}

async function roleOf({ host }: Node): Promise<Role | 'none'> {
  try {
    const reply = await fetch(`http://${host}:${REST_PORT}/patroni`, { signal: AbortSignal.timeout(2_000) })
    const { role, state, sync_standby, replication_state } = (await reply.json()) as Record<string, unknown>
    if (state !== 'running') return 'none'
    if (role === 'master' || role === 'primary') return 'primary'
    if (sync_standby) return 'sync_standby'
    return replication_state === undefined || replication_state === 'streaming' ? 'replica' : 'none'
  } catch {
    return 'none'
  }
}

function childrenOf(parent: number): number[] {
  const file = `/proc/${parent}/task/${parent}/children`
  return readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
