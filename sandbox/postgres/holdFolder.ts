import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { takeLock } from '../../scripts/lock.mjs'

const PATIENCE_MS = 5000

/** Makes `folder` this process's alone until released, waiting a little for a previous run that is about to end. */
export async function holdFolder(folder: string, say: (line: string) => void): Promise<() => void> {
  const until = Date.now() + PATIENCE_MS
  for (let said = false; ; said = true) {
    const lock = tryLock(folder)
    if (lock.holder === undefined) return () => lock.release()
    if (!said) say(`Waiting for the previous run (pid ${lock.holder}) to stop…`)
    if (Date.now() > until) throw new Error(inUse(folder, lock.holder))
    await delay(50)
  }
}

function tryLock(folder: string) {
  try {
    mkdirSync(folder, { recursive: true })
    return takeLock(join(folder, 'lock'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : error
    throw new Error(
      `The database folder ${folder} cannot be written (${reason}). If an earlier run was by another user, such as root,` +
        ' give the folder to this user or set FRONTGATE_DATA to another folder.',
    )
  }
}

function inUse(folder: string, holder: number): string {
  return (
    `Another run (pid ${holder}) is using the database in ${folder}.` +
    ` Stop it (kill ${holder}) or set FRONTGATE_DATA to another folder.`
  )
}
