import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The same server as its superuser, whose password is beside the data in `folder`. */
export function superuserOf(url: string, folder: string): string {
  const password = readFileSync(join(folder, 'password'), 'utf8').trim()
  return Object.assign(new URL(url), { username: 'frontgate', password }).href
}
