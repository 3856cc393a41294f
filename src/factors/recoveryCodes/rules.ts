/** Without I, L, O and U, which are read as others (Crockford's base32). */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 16
const GROUP = 4

/** How many random bytes make one code: 80 bits. */
export const CODE_BYTES = 10

/** A code as people read it: four groups of four. */
export function codeOf(random: Uint8Array): string {
  let bits = ''
  for (const byte of random) bits += byte.toString(2).padStart(8, '0')
  const letters = Array.from(
    { length: LENGTH },
    (_, i) => LETTERS[Number.parseInt(bits.slice(i * 5, i * 5 + 5), 2)],
  )
  return letters.join('').replaceAll(/.{4}(?=.)/g, '$&-')
}

/** What was typed, as `codeOf` wrote it; null where that cannot have been a code. */
export function readCode(typed: string): string | null {
  const letters = typed.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1')
  if (letters.length !== LENGTH) return null
  for (const letter of letters) if (!LETTERS.includes(letter)) return null
  return letters.replaceAll(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&-')
}
