import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { importFile } from '../../src/imports/importFile.ts'
import type { Refusal } from '../../src/imports/rules.ts'
import { signIn } from '../support/people.ts'
import { startTestApp } from '../support/testApp.ts'
import { readGuide, writeSnippets } from './snippets.ts'

/** What the hashes of the guide's file were made of, by those who have published them. */
const passwords: [who: string, password: string][] = [
  ['ada', 'abc'],
  ['grace', 'password'],
  ['mary', 'password'],
  ['joan', 'lètmein'],
  ['radia', 'user1password'],
]

test('the file of the guide is imported, and everybody in it signs in', async () => {
  const t = await startTestApp({}, { work: false })
  onTestFinished(t.close)
  const file = join(writeSnippets('import.md'), 'users.jsonl')
  const refused: Refusal[] = []
  const tally = await importFile(t.app, file, { onRefused: (some) => refused.push(...some) })
  expect(refused).toEqual([])
  expect(tally).toMatchObject({ account: { imported: 1 }, user: { imported: 6 }, member: { imported: 2 } })
  for (const [who, password] of passwords) {
    expect((await signIn(t, `${who}@company.example`, password)).status).toBe(200)
  }
})

test('a line with every field that the guide names is imported', async () => {
  const t = await startTestApp({}, { work: false })
  onTestFinished(t.close)
  const guide = readGuide('import.md')
  for (const field of ['created_at', 'email_verified', 'password_hash', 'joined_at', 'trial', 'members']) {
    expect(guide).toContain(`\`${field}\``)
  }
  const file = join(writeSnippets('import.md'), 'more.jsonl')
  const lines = [
    { type: 'account', id: 'a', name: 'A' },
    {
      type: 'user',
      id: 'u',
      email: 'u@company.example',
      members: [{ account: 'a', role: 'owner', trial: 'begins' }],
    },
    { type: 'user', id: 'v', email: 'v@company.example', name: null, password_hash: null },
    { type: 'member', user: 'v', account: 'a', role: 'viewer', trial: 'had' },
  ]
  await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\r\n'))
  const refused: Refusal[] = []
  await importFile(t.app, file, { onRefused: (some) => refused.push(...some) })
  expect(refused).toEqual([])
})
