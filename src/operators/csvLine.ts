// Before what spreadsheets take for the beginning of a formula, in either width; also in the middle, where those of
// other countries part cells. Looking back only from a sign keeps it linear in long white space. https://owasp.org/www-community/attacks/CSV_Injection
const FORMULA = /^(?=[=+\-@\t\r\n＝＋－＠])|(?=[=+\-@＝＋－＠])(?<=[;\t]\s*)/g
const QUOTED = /[",;\t\r\n]/

/** A line of RFC 4180. What a spreadsheet would calculate is given an apostrophe, and is text. */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => csvCell(cell ?? '')).join(',')}\r\n`
}

function csvCell(text: string): string {
  const inert = text.replace(FORMULA, "'")
  return QUOTED.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
