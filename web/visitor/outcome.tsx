import { type ReactNode, useEffect, useRef } from 'react'
import { Card } from '../shell/card.tsx'

/** What came of a step, in place of its form. It takes the focus, so that whoever does not see it hears of it. */
export function Outcome({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => place.current?.focus(), [])
  return (
    <div ref={place} tabIndex={-1} style={{ outline: 'none' }}>
      <Card title={title} lead={lead}>
        {children}
      </Card>
    </div>
  )
}
