import { rmSync } from 'node:fs'
import { findBinaries } from './findBinaries.ts'
import { holdFolder } from './holdFolder.ts'
import { placeFor } from './postgresHome.ts'
import { stopLeftover } from './stopLeftover.ts'

/** Removes the database in `folder` with all its data; fails while another run uses it. */
export async function removePostgres(folder: string, say: (line: string) => void): Promise<void> {
  const release = await holdFolder(folder, say)
  try {
    const place = placeFor(folder)
    await stopLeftover(place, findBinaries(place), say)
    for (const path of [place.home, place.folder])
      rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  } finally {
    release()
  }
}
