import { Box } from '@mantine/core'
import { type Ref, useEffect, useImperativeHandle, useRef } from 'react'

interface Widget {
  render: (
    place: HTMLElement,
    options: { sitekey: string; 'response-field': boolean; language: string },
  ) => string
  getResponse: (id: string) => string | undefined
  reset: (id: string) => void
  remove: (id: string) => void
}

export interface TurnstileHandle {
  /** What the challenge gave; null while it has not been passed. */
  token: () => string | null
  /** Has it taken once more: what it gives works once. */
  reset: () => void
}

const SOURCE = 'https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit'
let loading: Promise<Widget | null> | null = null

/** Cloudflare's challenge to programs. The service lets people in where it cannot be shown. */
export function Turnstile({ siteKey, ref }: { siteKey: string; ref: Ref<TurnstileHandle> }) {
  const place = useRef<HTMLDivElement>(null)
  const shown = useRef<{ widget: Widget; id: string } | null>(null)
  useImperativeHandle(ref, () => ({
    token: () => shown.current?.widget.getResponse(shown.current.id) ?? null,
    reset: () => shown.current?.widget.reset(shown.current.id),
  }))
  useEffect(() => {
    let isOver = false
    void loadWidget().then((widget) => {
      if (isOver || !widget || !place.current) return
      const language = document.documentElement.lang
      const id = widget.render(place.current, { sitekey: siteKey, 'response-field': false, language })
      shown.current = { widget, id }
    })
    return () => {
      isOver = true
      if (shown.current) shown.current.widget.remove(shown.current.id)
      shown.current = null
    }
  }, [siteKey])
  return <Box ref={place} mih={65} />
}

/** Fetches Cloudflare's script, once; null where it does not come. */
function loadWidget(): Promise<Widget | null> {
  loading ??= new Promise((resolve) => {
    const script = document.createElement('script')
    script.src = SOURCE
    script.async = true
    script.onload = () => resolve((window as unknown as { turnstile?: Widget }).turnstile ?? null)
    script.onerror = () => resolve(null)
    document.head.append(script)
  })
  return loading
}
