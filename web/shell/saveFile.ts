/** Hands a file to the reader as a download. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  // The browser has it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
