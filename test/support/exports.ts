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

/** Writes lines of the trail that no archive can make much smaller. */
export const fillTrail = ({ app }: TestApp, userId: string, lines: number) =>
  app.pool.query(
    `insert into audit_log (id, at, action, actor_kind, user_id, details)
     select gen_random_uuid(), $2::timestamptz - i * interval '1 second', 'test.filled', 'system', $1,
       json_build_object('line', i, 'noise', (select string_agg(md5(random()::text), '') from generate_series(1, 32) n where n > 0 * i))
     from generate_series(1, $3::int) i`,
    [userId, app.now(), lines],
  )
