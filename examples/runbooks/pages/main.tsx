import { createClient } from '@frontgate/client'
import { FrontgateProvider } from '@frontgate/client/react'
import '@frontgate/client/react/styles.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import './style.css'

// The server of this product has written there where Frontgate is.
const client = createClient({ url: document.documentElement.dataset.frontgate ?? '' })
const labels = {
  features: { flowpilot: 'FlowPilot', scripts: 'Scripts' },
  limits: { trees: 'Trees', kb_conversions: 'KB Accelerator' },
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <FrontgateProvider client={client} labels={labels} lang="en" pricingUrl="/pricing" signInUrl="/sign-in">
    <App />
  </FrontgateProvider>,
)
