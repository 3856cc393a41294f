import { Anchor, Text } from '@mantine/core'
import { productName, productUrl, settings } from '../settings.ts'

/** The logo or the name, which leads to the product where there is one. */
export function Brand() {
  const { logo_url: logo } = settings.brand
  return (
    <Anchor href={productUrl ?? '/'} underline="never" c="inherit">
      {logo ? (
        <img src={logo} alt={productName} height={32} />
      ) : (
        <Text span fw={700} fz="lg">
          {productName}
        </Text>
      )}
    </Anchor>
  )
}
