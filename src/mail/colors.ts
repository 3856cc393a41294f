const BLACK = '#000000'
const WHITE = '#ffffff'
/** How much of the text's color is in the edge of what it stands on. */
const EDGE = 0.25

/** Black or white, whichever is read better on a color that is `#rrggbb`, by the contrast of WCAG 2. */
export function textOn(background: string): string {
  return contrastOf(background, WHITE) >= contrastOf(background, BLACK) ? WHITE : BLACK
}

/** An edge that sets a color off from a page that is nearly the same, and that nobody notices otherwise. */
export function edgeOf(background: string): string {
  const text = channelsOf(textOn(background))
  const mixed = channelsOf(background).map((one, i) => Math.round(one + ((text[i] ?? 0) - one) * EDGE))
  return `#${mixed.map((one) => one.toString(16).padStart(2, '0')).join('')}`
}

/** How far two colors are apart for the eye, from 1 for none to 21 for black and white. */
export function contrastOf(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function luminanceOf(color: string): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(color).map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function channelsOf(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
}
