import { accessSync, appendFileSync, constants, rmSync, statSync } from 'node:fs'
import type { Refusal } from './rules.ts'

/** The file of lines that were not followed, one JSON object each. There is none while there are none. */
export class RefusedLines {
  readonly file: string
  count = 0

  /** What an earlier run has left there goes. Throws where it is the file `of` itself, or when that one cannot be read. */
  constructor(file: string, { of }: { of: string }) {
    accessSync(of, constants.R_OK)
    if (isSame(file, of)) throw new Error('--report names the file that is imported: choose another one.')
    this.file = file
    rmSync(file, { force: true })
  }

  /** Written at once, so that a run that is cut off has told of what it has read. */
  write(refusals: Refusal[]): void {
    this.count += refusals.length
    const lines = refusals.map(({ number, kind, externalId, reason }) =>
      JSON.stringify({ line: number, type: kind, id: externalId, reason }),
    )
    appendFileSync(this.file, lines.map((line) => `${line}\n`).join(''))
  }
}

/** Whether two paths lead to one file, by whatever links. */
function isSame(one: string, other: string): boolean {
  const there = statSync(one, { bigint: true, throwIfNoEntry: false })
  const { dev, ino } = statSync(other, { bigint: true })
  return there?.dev === dev && there.ino === ino
}
