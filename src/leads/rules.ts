/** Why something is no lead: the field that people do not see was filled in. */
export type SpamReason = 'honeypot'

/** Whether a program wrote this, by what stands in the field that people do not see; null for a person. */
export function spamReasonOf(website: string): SpamReason | null {
  return website === '' ? null : 'honeypot'
}

/** The lines of a text that hold something. */
export function linesOf(text: string | null): string[] {
  return (text ?? '').split(/[\r\n\v\f\u0085\u2028\u2029]+/).filter((line) => line.trim() !== '')
}

// What spreadsheets take for the beginning of a formula, in either width.
// https://owasp.org/www-community/attacks/CSV_Injection
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/
const QUOTED = /[",\r\n]/

/** A line of RFC 4180. What a spreadsheet would calculate is given an apostrophe, and is text. */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => csvCell(cell ?? '')).join(',')}\r\n`
}

function csvCell(text: string): string {
  const inert = FORMULA.test(text) ? `'${text}` : text
  return QUOTED.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
