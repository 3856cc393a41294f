import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** What every page is made of, in one file: each request more is a round trip's worth of headers on a phone. */
const everyPage = new RegExp(
  [
    'node_modules/(react|react-dom|scheduler|use-sync-external-store|clsx|openapi-fetch|@mantine/hooks)/',
    'node_modules/@tanstack/',
    'node_modules/@mantine/core/esm/(?!components/)',
    'node_modules/@mantine/core/esm/components/(ActionIcon|Alert|Anchor|Box|Button|Center|CloseButton|Divider|Flex|Group|Input|InputBase|Loader|NativeSelect|Paper|PasswordInput|Stack|Text|TextInput|Title|Transition|UnstyledButton|VisuallyHidden)/',
    'client/dist/',
    'web/(forms|shell/(brand|card|failed|footer|loading|notFound|useTitle|visitorLayout))',
    'web/(client|settings|theme|words/words)\\.ts',
  ].join('|'),
)

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // What knows light-dark(), which the components need anyway.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The policy lets no style stand in a document, and no script.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: 'base', test: everyPage }] } },
    },
  },
})
