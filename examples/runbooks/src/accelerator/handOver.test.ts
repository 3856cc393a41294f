import { expect, test } from 'vitest'
import { handOver, takeDraft } from '../../pages/drafts.ts'
import type { Tree } from '../trees/rules.ts'

const draft: Tree = { name: 'Printer', nodes: [{ id: 'end', kind: 'outcome', text: 'Buy another one.' }] }

test('a draft is for the account whose article it was made from, once', () => {
  handOver('ours', draft)
  expect(takeDraft('ours')).toEqual(draft)
  expect(takeDraft('ours')).toBeNull()
  handOver('ours', draft)
  expect(takeDraft('theirs')).toBeNull()
  expect(takeDraft(undefined)).toBeNull()
  expect(takeDraft('ours')).toBeNull()
})
