import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountFiles, leftOutOfAccounts } from '../../src/records/accountFiles.ts'
import { keptOfAccounts, keptOfUsers } from '../../src/records/kept.ts'
import { accountPurges, userPurges } from '../../src/records/purge.ts'
import { leftOutOfUsers, userFiles } from '../../src/records/userFiles.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
})
afterAll(() => t.close())

/** Columns by which a row is somebody's: what they are called, or where they were. */
const ofUsers =
  /^(user_id|actor_id|session_id|ip|user_agent|email|password_hash|mailbox_hash)$|_(user_id|email|by)$/
const ofAccounts = /^(account_id|invite_id|stripe_customer_id)$|_account_id$/

/** The tables of the migrated database that have such a column, and the one that is about them itself. */
async function tablesWith(columns: RegExp, own: string): Promise<string[]> {
  const { rows } = await t.app.pool.query<{ name: string; column: string }>(
    `select c.table_name as name, c.column_name as column
     from information_schema.columns c join information_schema.tables using (table_schema, table_name)
     where c.table_schema = 'public' and table_type = 'BASE TABLE'`,
  )
  const found = rows.filter(({ column }) => columns.test(column)).map(({ name }) => name)
  return [...new Set([...found, own])].sort()
}

const exportedOf = (files: typeof userFiles) => files.flatMap(({ tables }) => tables)
const purgedOf = (purges: typeof userPurges) => purges.map(({ table }) => table)

describe.each([
  {
    who: 'a user',
    columns: ofUsers,
    own: 'users',
    exported: exportedOf(userFiles),
    leftOut: leftOutOfUsers,
    files: 'src/records/userFiles.ts',
    purged: purgedOf(userPurges),
    kept: keptOfUsers,
  },
  {
    who: 'an account',
    columns: ofAccounts,
    own: 'accounts',
    exported: exportedOf(accountFiles),
    leftOut: leftOutOfAccounts,
    files: 'src/records/accountFiles.ts',
    purged: purgedOf(accountPurges),
    kept: keptOfAccounts,
  },
])('a table whose rows name $who', ({ who, columns, own, exported, leftOut, files, purged, kept }) => {
  test('is exported, or says why not', async () => {
    const said = [...exported, ...Object.keys(leftOut)] as string[]
    const forgotten = (await tablesWith(columns, own)).filter((name) => !said.includes(name))
    expect(
      forgotten,
      `These tables name ${who} and are in no export. Add a file to ${files}, or the table with the reason to what is left out there.`,
    ).toEqual([])
  })

  test('is purged, or says why it is kept', async () => {
    const said = [...purged, ...Object.keys(kept)] as string[]
    const forgotten = (await tablesWith(columns, own)).filter((name) => !said.includes(name))
    expect(
      forgotten,
      `These tables name ${who} and stay when ${who} is purged. Add a step to purge.ts of the module that writes the table, or the table with the reason to src/records/kept.ts.`,
    ).toEqual([])
  })

  test('is one that there is, and is not in both lists', async () => {
    const { rows } = await t.app.pool.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    )
    const known = rows.map(({ name }) => name)
    const named = [...exported, ...Object.keys(leftOut), ...purged, ...Object.keys(kept)]
    expect(named.filter((name) => !known.includes(name))).toEqual([])
    expect(exported.filter((name) => name in leftOut)).toEqual([])
    expect(purged.filter((name) => name in kept)).toEqual([])
  })

  test('is in the guide for data protection officers', () => {
    const guide = readFileSync(new URL('../../docs/guides/data.md', import.meta.url), 'utf8')
    const named = [...new Set([...purged, ...Object.keys(kept)])]
    expect(named.filter((name) => !guide.includes(`\`${name}\``))).toEqual([])
  })
})

test.each([
  ['user', userFiles],
  ['account', accountFiles],
])('an export of %s has one file of each name, and says what it is', (_of, files) => {
  expect(new Set(files.map(({ file }) => file)).size).toBe(files.length)
  for (const { file, about } of files) {
    expect(file).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(about).toMatch(/^[A-Z].*\.$/)
  }
})
