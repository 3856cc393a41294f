import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'
import { settings } from './settings.ts'

/** How much of white or black is in each of the ten shades; the seventh is the color itself. */
const MIXED = [0.93, 0.84, 0.68, 0.5, 0.32, 0.14, 0, -0.12, -0.24, -0.36]

/** Ten shades of a color given as `#rrggbb`, from the lightest to the darkest. */
function shadesOf(color: string): MantineColorsTuple {
  const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
  return MIXED.map((share) => {
    const mixed = parts.map((part) =>
      Math.round(share >= 0 ? part + (255 - part) * share : part * (1 + share)),
    )
    return `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`
  }) as unknown as MantineColorsTuple
}

export const theme = createTheme({
  colors: { accent: shadesOf(settings.brand.accent_color) },
  primaryColor: 'accent',
  primaryShade: 6,
  // An accent that is light takes dark letters, from where these stand out from it more than white ones.
  autoContrast: true,
  luminanceThreshold: 0.179,
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.6rem' }, h2: { fontSize: '1.25rem' } } },
})

/** What the library shows paler than WCAG asks for small letters (4.5 to 1). */
export const readableColors: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-6)',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-placeholder': 'var(--mantine-color-dark-2)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
  },
})
