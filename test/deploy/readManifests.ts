import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** One object of Kubernetes as a file has it. */
export interface Manifest {
  file: string
  // biome-ignore lint/suspicious/noExplicitAny: what shape it has is what the schemas say
  object: any
}

/** The two steps of a rollout, in their order. */
export const steps = ['prepare', 'run'] as const

/** Every object in the files of both steps, and what their kustomizations list. */
export function readManifests(): { manifests: Manifest[]; listed: Set<string>; faults: string[] } {
  const manifests: Manifest[] = []
  const listed = new Set<string>()
  const faults: string[] = []
  for (const step of steps) {
    const folder = `deploy/kubernetes/${step}`
    const { resources } = parse(readFileSync(`${root}/${folder}/kustomization.yaml`, 'utf8')) as {
      resources: string[]
    }
    for (const name of resources) listed.add(`${folder}/${name}`)
    for (const name of readdirSync(`${root}/${folder}`).filter((each) => each !== 'kustomization.yaml')) {
      const file = `${folder}/${name}`
      for (const document of parseAllDocuments(readFileSync(`${root}/${file}`, 'utf8'))) {
        faults.push(...document.errors.map(({ message }) => `${file}: ${message}`))
        manifests.push({ file, object: document.toJS() })
      }
    }
  }
  return { manifests, listed, faults }
}
