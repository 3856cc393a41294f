import { expect, test } from 'vitest'
import { linesOf, spamReasonOf } from './rules.ts'

test('whatever stands in the hidden field, a program wrote it', () => {
  expect(spamReasonOf('')).toBeNull()
  for (const website of ['https://spam.example', ' ', '0']) expect(spamReasonOf(website)).toBe('honeypot')
})

test('lines that are empty are none, however they end', () => {
  expect(linesOf('one\n\n two \r\n\u2028three\n')).toEqual(['one', ' two ', 'three'])
  expect([linesOf(null), linesOf(''), linesOf(' \n ')]).toEqual([[], [], []])
})
