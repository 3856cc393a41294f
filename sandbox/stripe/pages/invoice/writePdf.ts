/** A line of text, with what stands at its right end. */
export interface PdfLine {
  text: string
  right?: string
  size?: number
}

// A4 in points, and Courier, whose characters are all 0.6 of their height wide.
const [WIDTH, HEIGHT] = [595, 842]
const MARGIN = 56
const SIZE = 10
const STEP = 17
const ADVANCE = 0.6
const LINES_PER_PAGE = Math.floor((HEIGHT - 2 * MARGIN) / STEP)
const LONGEST = 70

/** Lines of text as a PDF: https://opensource.adobe.com/dc-acrobat-sdk-docs/pdfstandards/PDF32000_2008.pdf */
export function writePdf(title: string, lines: PdfLine[]): Buffer {
  const pages = Array.from({ length: Math.ceil(lines.length / LINES_PER_PAGE) }, (_, page) =>
    contentOf(lines.slice(page * LINES_PER_PAGE, (page + 1) * LINES_PER_PAGE)),
  )
  // Objects 1 to 4 are the catalogue, the pages, the font and the title; each page is one, and its content the next.
  const pageNumbers = pages.map((_, page) => 5 + 2 * page)
  return assemble([
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${pageNumbers.map((number) => `${number} 0 R`).join(' ')}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>',
    `<< /Title ${quote(title)} >>`,
    ...pages.flatMap((content, page) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${WIDTH} ${HEIGHT}] /Resources << /Font << /F 3 0 R >> >> /Contents ${(pageNumbers[page] ?? 0) + 1} 0 R >>`,
      `<< /Length ${Buffer.byteLength(content, 'latin1')} >>\nstream\n${content}\nendstream`,
    ]),
  ])
}

function contentOf(lines: PdfLine[]): string {
  const texts = lines.flatMap(({ text, right = '', size = SIZE }, place) => {
    const y = HEIGHT - MARGIN - (place + 1) * STEP
    const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text
    const x = WIDTH - MARGIN - right.length * ADVANCE * SIZE
    return [write(short, MARGIN, y, size), ...(right ? [write(right, x, y, SIZE)] : [])]
  })
  return texts.join('\n')
}

function write(text: string, x: number, y: number, size: number): string {
  return `BT /F ${size} Tf ${x} ${y} Td ${quote(text)} Tj ET`
}

/** What the font has not is a question mark. */
function quote(text: string): string {
  const plain = text.replaceAll('–', '-').replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '?')
  return `(${plain.replaceAll(/[\\()]/g, (character) => `\\${character}`)})`
}

function assemble(objects: string[]): Buffer {
  let body = '%PDF-1.4\n'
  const offsets = objects.map((object, place) => {
    const offset = body.length
    body += `${place + 1} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const trailer = `<< /Size ${objects.length + 1} /Root 1 0 R /Info 4 0 R >>`
  return Buffer.from(
    `${body}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}trailer\n${trailer}\nstartxref\n${body.length}\n%%EOF\n`,
    'latin1',
  )
}
