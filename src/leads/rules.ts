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
