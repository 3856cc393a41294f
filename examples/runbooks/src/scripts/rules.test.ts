import { describe, expect, test } from 'vitest'
import { fillIn, parametersOf } from './rules.ts'

test.each([
  ['Hello {{name}}, your ticket is {{ ticket_number }}. Bye, {{name}}.', ['name', 'ticket_number']],
  ['{{first name}} {{größe}} {{a-b}}', ['first name', 'größe', 'a-b']],
  ['Nothing to fill in.', []],
  ['No parameters: {name} {{}} {{ }} {{1}} {{a{b}} {{a\nb}}', []],
])('the parameters of %j', (body, parameters) => expect(parametersOf(body)).toEqual(parameters))

describe('filling in', () => {
  test('puts every value in its place', () => {
    const values = { name: 'Ada', what: 'router' }
    expect(fillIn('Hello {{name}}: restart the {{ what }}, {{name}}.', values)).toEqual({
      kind: 'filled',
      text: 'Hello Ada: restart the router, Ada.',
    })
  })

  test('names what is missing, also where a value is blank or belongs to every object', () => {
    const filled = fillIn('{{a}} {{b}} {{toString}} {{c}}', { a: 'x', b: ' ' })
    expect(filled).toEqual({ kind: 'missing', parameters: ['b', 'toString', 'c'] })
  })

  test('a value is text, whatever is in it', () => {
    expect(fillIn('{{a}}{{b}}', { a: '{{b}}', b: '$& $1' })).toEqual({ kind: 'filled', text: '{{b}}$& $1' })
  })
})

test.each(['{{a', '{{', '{{ ', '{{a b', '{{a{{'])(
  'a megabyte of %j and spaces is read as soon as it is sent',
  (part) => {
    const spaces = ' '.repeat(1_000_000)
    expect(parametersOf(`${part}${spaces}!`)).toEqual([])
    expect(parametersOf(`${part.repeat(1_000_000 / part.length)}!`)).toEqual([])
    expect(parametersOf(`${part}${' a'.repeat(500_000)}!`)).toEqual([])
  },
)
