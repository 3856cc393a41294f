import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'

const LONGEST_LINE = 65_536
const NEWLINE = 0x0a
const BYTE_ORDER_MARK = '\ufeff'

/** A line of a file; `text` is null for one that is longer than a line may be, or is no text. */
export interface RawLine {
  number: number
  text: string | null
}

/** The lines of a file one after another, so that a file may be larger than the memory. Empty ones are left out. */
export async function* readLines(file: string): AsyncGenerator<RawLine> {
  let number = 0
  let begun: Buffer[] = []
  let length = 0
  const take = (rest: Buffer): RawLine | null => {
    number++
    const line = length + rest.length > LONGEST_LINE ? null : Buffer.concat([...begun, rest])
    begun = []
    length = 0
    if (!line || !isUtf8(line)) return { number, text: null }
    const text = line.toString()
    const plain = (number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).trim()
    return plain === '' ? null : { number, text: plain }
  }
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const line = take(chunk.subarray(from, end))
      if (line) yield line
      from = end + 1
    }
    const rest = chunk.subarray(from)
    length += rest.length
    // Of a line that is too long no more is kept than says so.
    if (length <= LONGEST_LINE) begun.push(rest)
    else begun = []
  }
  const last = length > 0 ? take(Buffer.alloc(0)) : null
  if (last) yield last
}
