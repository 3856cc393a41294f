import { describe, expect, test } from 'vitest'
import { csvLine } from './csvLine.ts'

describe('a line of CSV', () => {
  test.for([
    ['Ada', 'Ada'],
    ['', ''],
    [null, ''],
    ['Lovelace, Ada', '"Lovelace, Ada"'],
    ['the "first"', '"the ""first"""'],
    ['two\nlines', '"two\nlines"'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['=1+1', "'=1+1"],
    ['+1 555 0100', "'+1 555 0100"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', '"\'\t\'=1"'],
    ['x; =1+1;y', `"x; '=1+1;y"`],
    ['\r=1', '"\'\r=1"'],
    ['\n=1', '"\'\n=1"'],
    ['＝1+1', "'＝1+1"],
    ['=HYPERLINK("http://evil.example","x")', '"\'=HYPERLINK(""http://evil.example"",""x"")"'],
    ['1=1', '1=1'],
    ["it's", "it's"],
  ] as const)('%j stands in it as %j', ([cell, written], { expect }) => {
    expect(csvLine([cell])).toBe(`${written}\r\n`)
  })

  test('has its cells in order', () => {
    expect(csvLine(['a', null, 'b,c'])).toBe('a,,"b,c"\r\n')
  })
})
