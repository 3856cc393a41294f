import { Zip, ZipDeflate } from 'fflate'

/** A file that is still to be read. */
export interface Entry {
  name: string
  text: Iterable<string> | AsyncIterable<string>
}

/** Beyond this an archive needs ZIP64, which the library does not write. */
const MOST_BYTES = 0xffff_ffff

/**
 * A ZIP archive, piece by piece: nothing is read before the piece is asked for, so whoever takes them slowly slows the
 * reading, and whoever stops asking ends it.
 */
export async function* zipped(entries: Iterable<Entry>, at: Date): AsyncGenerator<Uint8Array> {
  const made: Uint8Array[] = []
  const zip = new Zip((error, piece) => {
    if (error) throw error
    if (piece.length > 0) made.push(piece)
  })
  const encoder = new TextEncoder()
  let bytes = 0
  for (const { name, text } of entries) {
    const file = new ZipDeflate(name, { level: 6 })
    file.mtime = at
    zip.add(file)
    for await (const part of text) {
      const piece = encoder.encode(part)
      bytes += piece.length
      if (bytes > MOST_BYTES) throw new Error('An archive holds no more than 4 GiB')
      file.push(piece)
      yield* made.splice(0)
    }
    file.push(new Uint8Array(), true)
    yield* made.splice(0)
  }
  zip.end()
  yield* made.splice(0)
}
