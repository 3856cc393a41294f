import { strFromU8, unzipSync } from 'fflate'
import type { TestApp, TestReply } from './testApp.ts'

export interface Exported {
  reply: TestReply
  /** The text of each file, by its name. */
  files: Record<string, string>
  /** What is in the JSON files, by their names without `.json`. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape of each record is what the tests assert
  records: Record<string, any[]>
  /** All text of all files. */
  text: string
}

/** Has somebody export what is theirs, and opens the archive. */
export async function exported(
  t: TestApp,
  url: '/v1/me/export' | '/v1/accounts/me/export',
  as: string,
): Promise<Exported> {
  const reply = await t.call('GET', url, { as })
  if (reply.status !== 200) throw new Error(`Exporting answered ${reply.status}: ${reply.text}`)
  const files = Object.fromEntries(
    Object.entries(unzipSync(reply.bytes)).map(([name, bytes]) => [name, strFromU8(bytes)]),
  )
  const records = Object.fromEntries(
    Object.entries(files)
      .filter(([name]) => name.endsWith('.json'))
      .map(([name, text]) => [name.replace(/\.json$/, ''), JSON.parse(text)]),
  )
  return { reply, files, records, text: Object.values(files).join('\n') }
}
