import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contrastOf, edgeOf, textOn } from './colors.ts'

const color = fc.integer({ min: 0, max: 0xffffff }).map((rgb) => `#${rgb.toString(16).padStart(6, '0')}`)

describe('textOn', () => {
  test.each([
    ['our blue', '#1f5eff', '#ffffff'],
    ['black', '#000000', '#ffffff'],
    ['white', '#ffffff', '#000000'],
    ['red, which black is read better on', '#ff0000', '#000000'],
    ['a dark red', '#c62828', '#ffffff'],
    ['blue', '#0000ff', '#ffffff'],
    ['yellow', '#ffd400', '#000000'],
    ['a green of the middle', '#2e9e5b', '#000000'],
    ['a dark green', '#11622f', '#ffffff'],
    ['the last gray for white', '#757575', '#ffffff'],
    ['the first gray for black', '#767676', '#000000'],
    ['capital letters', '#FFD400', '#000000'],
  ])('on %s', (_what, background, text) => {
    expect(textOn(background)).toBe(text)
  })

  test('is read as WCAG wants it (4.5) on any color', () => {
    fc.assert(
      fc.property(color, (background) => {
        expect(contrastOf(background, textOn(background))).toBeGreaterThanOrEqual(4.5)
      }),
    )
  })
})

describe('edgeOf', () => {
  test.each([
    ['#000000', '#404040'],
    ['#ffffff', '#bfbfbf'],
    ['#1f5eff', '#5786ff'],
  ])('%s has %s', (background, edge) => {
    expect(edgeOf(background)).toBe(edge)
  })

  test('is a color, whatever it is the edge of', () => {
    fc.assert(
      fc.property(color, (background) => {
        expect(edgeOf(background)).toMatch(/^#[0-9a-f]{6}$/)
      }),
    )
  })
})

test.each([
  ['#ffffff', '#000000', 21],
  ['#ffffff', '#ffffff', 1],
  ['#777777', '#ffffff', 4.478],
  ['#1f5eff', '#ffffff', 5.118],
])('the contrast of %s and %s', (one, other, contrast) => {
  expect(contrastOf(one, other)).toBeCloseTo(contrast, 1)
  expect(contrastOf(other, one)).toBe(contrastOf(one, other))
})
