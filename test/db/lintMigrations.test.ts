import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const script = fileURLToPath(new URL('../../scripts/lintMigrations.ts', import.meta.url))

function lint(sql: string): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'frontgate-lint-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, '0099_example.sql')
  writeFileSync(file, sql)
  const { status, stdout } = spawnSync(process.execPath, [script, file], { encoding: 'utf8' })
  return { status, output: stdout }
}

test('what only adds passes, and the migrations that are here', () => {
  expect(
    lint('create table notes (id uuid primary key);\ncreate index notes_id on notes (id);\n').status,
  ).toBe(0)
  expect(lint('alter table users add column note text;\n').status).toBe(0)
  expect(spawnSync(process.execPath, [script]).status).toBe(0)
})

test.for([
  ['a column that goes', 'alter table users drop column name;', 'ban-drop-column'],
  ['a table that goes', 'drop table sales_leads;', 'ban-drop-table'],
  ['another name', 'alter table users rename column name to full_name;', 'renaming-column'],
  ['another type', 'alter table users alter column name type varchar(9);', 'changing-column-type'],
  ['a column that old code does not fill in', 'alter table users add column x text not null;', 'adding-'],
  ['an index that keeps writers waiting', 'create index users_name on users (name);', 'concurrent'],
] as const)('%s is refused', ([, sql, rule], { expect }) => {
  const { status, output } = lint(`${sql}\n`)
  expect(status).toBe(1)
  expect(output).toContain(rule)
})

test('what goes is let go with the release that stopped using it, which must be an earlier one', () => {
  const dropping = (words: string) =>
    lint(`${words}\n-- squawk-ignore ban-drop-column\nalter table users drop column name;\n`)
  expect(dropping('-- unused since 0.0.9').status).toBe(0)
  expect(dropping('-- unused since 99.0.0').output).toContain('which earlier release')
  expect(dropping('-- nobody needs it').output).toContain('which earlier release')
})
