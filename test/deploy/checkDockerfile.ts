import { readFileSync } from 'node:fs'
import { validate } from 'dockerfile-utils'
import { root } from './readManifests.ts'

/** What a reader of Dockerfiles finds wrong with ours. */
export function checkDockerfile(): string[] {
  const text = readFileSync(`${root}/deploy/Dockerfile`, 'utf8')
  return validate(text).map(({ message, range }) => `Dockerfile, line ${range.start.line + 1}: ${message}`)
}
