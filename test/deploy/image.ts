import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './readManifests.ts'

const IMAGE = 'localhost/frontgate:local'

/** An image as it was built, its files mounted. */
export interface Image {
  mounted: string
  config: { User?: string; Entrypoint?: string[]; Cmd?: string[]; Env?: string[]; Healthcheck?: object }
  bytes: number
  remove: () => void
}

/**
 * Builds the image with buildah, which needs no daemon, and mounts it. The base that the Dockerfile names is pulled where
 * `pull` says so; else it is made of Debian's packages and this Node, since not every machine reaches a registry.
 */
export function buildImage({ pull, say }: { pull: boolean; say: (line: string) => void }): Image {
  const folder = mkdtempSync(join(tmpdir(), 'frontgate-image-'))
  const storage = join(folder, 'storage.conf')
  writeFileSync(
    storage,
    `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/graph"\nrunroot = "${folder}/run"\n`,
  )
  const env = { ...process.env, CONTAINERS_STORAGE_CONF: storage, BUILDAH_ISOLATION: 'chroot' }
  const buildah = (...args: string[]) =>
    execFileSync('buildah', args, {
      cwd: root,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 2 ** 28,
    }).trim()
  try {
    if (!pull) makeBase({ folder, buildah, say })
    say('building the image')
    const volumes = registrySettings(folder).flatMap((volume) => ['--volume', volume])
    const how = ['--format', 'docker', pull ? '--pull' : '--pull=never', '--file', 'deploy/Dockerfile']
    buildah('bud', '--quiet', ...how, ...volumes, '--tag', IMAGE, '.')
    const container = buildah('from', '--pull=never', IMAGE)
    const mounted = buildah('mount', container)
    const { Docker } = JSON.parse(buildah('inspect', '--type', 'image', IMAGE)) as {
      Docker: { config: Image['config'] }
    }
    const bytes = Number(execFileSync('du', ['-sb', `${mounted}/app`], { encoding: 'utf8' }).split('\t')[0])
    return {
      mounted,
      config: Docker.config,
      bytes,
      remove() {
        buildah('umount', container)
        rmSync(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

interface Base {
  folder: string
  buildah: (...args: string[]) => string
  say: (line: string) => void
}

function makeBase({ folder, buildah, say }: Base): void {
  const [, name = ''] = /^FROM (\S+)/m.exec(readFileSync(`${root}/deploy/Dockerfile`, 'utf8')) ?? []
  const base = process.env.FRONTGATE_BASE ?? join(folder, 'base')
  if (!existsSync(`${base}/usr/local/bin/node`)) {
    say(`making what stands for ${name}`)
    const run = (command: string, ...args: string[]) =>
      execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    run('debootstrap', '--variant=minbase', '--include=ca-certificates', 'bookworm', base)
    const npm = execFileSync('sh', ['-c', 'dirname "$(dirname "$(readlink -f "$(command -v npm)")")"'], {
      encoding: 'utf8',
    })
    mkdirSync(`${base}/usr/local/lib/node_modules`, { recursive: true })
    run('cp', '--recursive', npm.trim(), `${base}/usr/local/lib/node_modules/npm`)
    run('ln', '--symbolic', '../lib/node_modules/npm/bin/npm-cli.js', `${base}/usr/local/bin/npm`)
    run('cp', process.execPath, `${base}/usr/local/bin/node`)
    run('chroot', base, 'useradd', '--uid', '1000', '--create-home', 'node')
  }
  const container = buildah('from', 'scratch')
  buildah('add', '--quiet', container, base, '/')
  buildah('commit', '--quiet', '--format', 'docker', container, name)
  buildah('rm', container)
}

/** What npm is told here of its registry and whom to trust is told to npm in there, and stays out of the image. */
function registrySettings(folder: string): string[] {
  const own = execFileSync('npm', ['config', 'get', 'userconfig'], { encoding: 'utf8' }).trim()
  const { NODE_EXTRA_CA_CERTS: certificates } = process.env
  const known = existsSync(own) ? readFileSync(own, 'utf8') : ''
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
  const file = join(folder, 'npmrc')
  const lines = [known, `registry=${registry}`, ...(certificates ? ['cafile=/etc/ssl/npm-ca.pem'] : [])]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return [`${file}:/root/.npmrc:ro`, ...(certificates ? [`${certificates}:/etc/ssl/npm-ca.pem:ro`] : [])]
}
