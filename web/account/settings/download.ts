import { unwrap } from '@frontgate/client'
import { client } from '../../client.ts'

/** Fetches a file as whoever is signed in and saves it, saying how much of it has arrived. */
export async function download(
  path: string,
  file: string,
  onArrived: (bytes: number) => void,
): Promise<void> {
  const response = await client.fetch(path)
  if (!response.ok) unwrap({ response, error: await response.json().catch(() => null) })
  const parts: BlobPart[] = []
  let arrived = 0
  for await (const part of readAll(response)) {
    parts.push(part)
    arrived += part.byteLength
    onArrived(arrived)
  }
  save(new Blob(parts, { type: 'application/zip' }), nameOf(response) ?? file)
}

async function* readAll(response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader()
  if (!reader) return
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

function nameOf(response: Response): string | null {
  const said = response.headers.get('content-disposition') ?? ''
  return /filename="?([^";]+)"?/.exec(said)?.[1] ?? null
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
