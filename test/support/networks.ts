let count = 0

/** A client address that no other test of the file has used: limits per network start empty. */
export function newNetwork(): string {
  count++
  return `10.${count >> 8}.${count & 255}.7`
}
