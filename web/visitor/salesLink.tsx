import { Button, type ButtonProps } from '@mantine/core'
import { settings } from '../settings.ts'
import { useWords } from '../words/words.ts'

/** The way to sales, who hear which plan it is about and which page somebody comes from. */
export function SalesLink({ plan, source, ...props }: ButtonProps & { plan?: string; source: string }) {
  const { words } = useWords()
  const url = new URL(settings.sales_url, location.origin)
  if (plan) url.searchParams.set('plan', plan)
  url.searchParams.set('source', source)
  return (
    <Button component="a" href={url.href} fullWidth variant="default" {...props}>
      {words.visitor.talkToSales}
    </Button>
  )
}
