// Words and what is between them share no character, so that a long one that comes to nothing is read once.
const PARAMETER = /\{\{\s*([\p{L}_][\p{L}\p{N}_-]*(?: +[\p{L}\p{N}_-]+)*)\s*\}\}/gu

/** What came of filling in: the text, or the parameters that still have no value. */
export type Filled = { kind: 'filled'; text: string } | { kind: 'missing'; parameters: string[] }

/** The parameters of a script in the order in which they first appear: `Hello {{name}}` has one. */
export function parametersOf(body: string): string[] {
  return [...new Set([...body.matchAll(PARAMETER)].map(([, name = '']) => name))]
}

/** Puts values in the place of parameters. A value is text: braces in it are not looked at again. */
export function fillIn(body: string, values: Record<string, string>): Filled {
  const given = (name: string) => (Object.hasOwn(values, name) ? (values[name] ?? '') : '')
  const missing = parametersOf(body).filter((name) => given(name).trim() === '')
  if (missing.length > 0) return { kind: 'missing', parameters: missing }
  return { kind: 'filled', text: body.replace(PARAMETER, (_all, name: string) => given(name)) }
}
