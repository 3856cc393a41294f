import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describeSettings } from '../../src/settings.ts'
import { type Manifest, readManifests, root, steps } from './readManifests.ts'

/** What is wrong with the manifests: by the schemas of the API, by its types, and by each other. */
export async function checkKubernetes(): Promise<string[]> {
  const { manifests, listed, faults } = readManifests()
  for (const { file, object } of manifests) faults.push(...(await schemaFaults(file, object)))
  faults.push(...typeFaults(manifests))
  const files = new Set(manifests.map(({ file }) => file))
  for (const file of listed) if (!files.has(file)) faults.push(`${file} is listed, and not there`)
  for (const file of files)
    if (!listed.has(file) && !file.includes('.example.')) faults.push(`${file} is there, and not listed`)
  faults.push(...referenceFaults(manifests), ...podFaults(manifests))
  for (const step of steps) faults.push(...kustomizeFaults(step))
  return faults
}

const moduleOf = ({ apiVersion, kind }: Manifest['object']) => `kubernetes-models/${apiVersion}/${kind}`

async function schemaFaults(file: string, object: Manifest['object']): Promise<string[]> {
  try {
    const { [object.kind]: Kind } = (await import(moduleOf(object))) as Record<
      string,
      new (
        data: object,
      ) => { validate: () => void }
    >
    if (!Kind) return [`${file}: there is no ${object.kind}`]
    new Kind(object).validate()
    return []
  } catch (error) {
    return [`${file}: ${object.kind}: ${(error as Error).message}`]
  }
}

/** Schemas let pass what they do not know; a literal with a member that its type lacks does not compile. */
function typeFaults(manifests: Manifest[]): string[] {
  const folder = `${root}/.frontgate/deploy`
  mkdirSync(folder, { recursive: true })
  const lines = manifests.map(
    ({ file, object }, i) =>
      `import type { I${object.kind} as T${i} } from '${moduleOf(object)}'\n/* ${file} */ export const m${i}: T${i} = ${JSON.stringify(object)}`,
  )
  writeFileSync(`${folder}/manifests.ts`, `${lines.join('\n')}\n`)
  const tsc = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace(/package\.json$/, 'bin/tsc')
  const args = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--types',
    '',
    `${folder}/manifests.ts`,
  ]
  const { status, stdout } = spawnSync(process.execPath, [tsc, '--ignoreConfig', ...args], {
    encoding: 'utf8',
  })
  return status === 0 ? [] : [`the types of the API refuse: ${stdout.slice(0, 2_000)}`]
}

/** Names that one object has of another. */
function referenceFaults(manifests: Manifest[]): string[] {
  const faults: string[] = []
  const named = (kind: string, name: string) =>
    manifests.some(({ object }) => object.kind === kind && object.metadata.name === name)
  const wants = (file: string, kind: string, name: string) => {
    if (!named(kind, name)) faults.push(`${file}: there is no ${kind} ${name}`)
  }
  const templates = manifests
    .filter(({ object }) => object.spec?.template)
    .map(({ object }) => object.spec.template)
  const fits = (labels: Record<string, string>) =>
    templates.filter(({ metadata }) =>
      Object.entries(labels).every(([key, value]) => metadata.labels[key] === value),
    )
  for (const { file, object } of manifests) {
    const { kind, spec } = object
    const selector =
      spec?.selector?.matchLabels ?? (kind === 'Service' ? spec.selector : spec?.podSelector?.matchLabels)
    if (selector && fits(selector).length === 0) faults.push(`${file}: ${kind} selects no pod`)
    if (kind === 'HorizontalPodAutoscaler') wants(file, spec.scaleTargetRef.kind, spec.scaleTargetRef.name)
    if (kind === 'Ingress')
      for (const { http } of spec.rules)
        for (const { backend } of http.paths) wants(file, 'Service', backend.service.name)
    if (kind === 'Service')
      for (const { targetPort } of spec.ports)
        for (const { spec: pod } of fits(spec.selector))
          if (!portsOf(pod).includes(targetPort)) faults.push(`${file}: no port is called ${targetPort}`)
    const pod = spec?.template?.spec
    if (!pod) continue
    wants(file, 'ServiceAccount', pod.serviceAccountName)
    for (const { envFrom } of pod.containers)
      for (const { configMapRef, secretRef } of envFrom) {
        if (configMapRef) wants(file, 'ConfigMap', configMapRef.name)
        if (secretRef) wants(file, 'Secret', secretRef.name)
      }
  }
  return faults
}

const portsOf = (pod: Manifest['object']): string[] =>
  pod.containers.flatMap(({ ports = [] }: Manifest['object']) =>
    ports.map(({ name }: { name: string }) => name),
  )

/** Settings that there are, and pods as the profile `restricted` of the Pod Security Standards wants them. */
function podFaults(manifests: Manifest[]): string[] {
  const faults: string[] = []
  const known = new Set(describeSettings().map(({ variable }) => variable))
  const values: Record<string, string> = {}
  for (const { file, object } of manifests) {
    for (const [name, value] of Object.entries<string>({ ...object.data, ...object.stringData })) {
      if (!known.has(name)) faults.push(`${file}: ${name} is no setting`)
      values[name] = value
    }
  }
  const leaving = Number(values.DRAIN_SECONDS ?? 0) + Number(values.SHUTDOWN_SECONDS ?? 0)
  for (const { file, object } of manifests) {
    const pod = object.spec?.template?.spec
    if (!pod) continue
    const wants = (isSo: boolean, what: string) => isSo || faults.push(`${file}: ${what}`)
    wants(pod.securityContext?.runAsNonRoot === true, 'the pod may run as root')
    wants(pod.securityContext?.seccompProfile?.type === 'RuntimeDefault', 'the pod has no seccomp profile')
    wants(pod.automountServiceAccountToken === false, 'the pod is given a token of the cluster')
    if (object.kind === 'Deployment')
      wants(pod.terminationGracePeriodSeconds > leaving, `pods are killed before ${leaving} s are over`)
    for (const container of pod.containers) {
      const { securityContext: may, resources, livenessProbe, readinessProbe, startupProbe } = container
      wants(may?.readOnlyRootFilesystem === true, 'its file system can be written')
      wants(may?.allowPrivilegeEscalation === false, 'it may gain rights')
      wants(may?.capabilities?.drop?.includes('ALL'), 'it keeps capabilities')
      wants(Boolean(resources?.requests?.cpu && resources?.limits?.memory), 'it names no resources')
      for (const probe of [livenessProbe, readinessProbe, startupProbe]) {
        if (object.kind !== 'Deployment') continue
        const port = probe?.httpGet?.port
        wants(portsOf(pod).includes(port), `a probe asks a port that is not there: ${port}`)
      }
    }
  }
  return faults
}

/** What `kubectl kustomize` says, where there is one. */
function kustomizeFaults(step: string): string[] {
  try {
    execFileSync('kubectl', ['kustomize', `${root}/deploy/kubernetes/${step}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    return []
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? [] : [`kustomize refuses ${step}: ${message}`]
  }
}
