import './mantine.css'
import './style.css'
import { FrontgateProvider } from '@frontgate/client/react'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { client, queries } from './client.ts'
import { router } from './routes.tsx'
import { nonce } from './settings.ts'
import { readableColors, theme } from './theme.ts'
import { loadWords, readersLanguage, WordsProvider } from './words/words.ts'

// What locks the page behind a dialog looks for the nonce here.
Object.assign(globalThis, { __webpack_nonce__: nonce })

const code = readersLanguage()
document.documentElement.lang = code
const root = document.getElementById('root')
if (!root) throw new Error('The document has no #root')
const said = await loadWords(code).catch((error) => {
  // Said without words of ours, which are what is missing.
  root.textContent = 'A part of this page could not be loaded. Please load it again.'
  throw error
})

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={readableColors}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <WordsProvider value={said}>
        <QueryClientProvider client={queries}>
          <FrontgateProvider client={client} lang={said.locale} signInUrl="/sign-in" pricingUrl="/billing">
            <RouterProvider router={router} />
          </FrontgateProvider>
        </QueryClientProvider>
      </WordsProvider>
    </MantineProvider>
  </StrictMode>,
)
