import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

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
  },
})
