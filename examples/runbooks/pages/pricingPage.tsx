import { PricingTable } from '@frontgate/client/react'

/** The way back in: where every refusal for want of a plan leads. */
export function PricingPage() {
  return (
    <>
      <h1>Plans</h1>
      <p className="lead">Everything that you have made stays, whichever plan you are on.</p>
      <PricingTable />
    </>
  )
}
