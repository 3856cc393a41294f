import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from 'react'

/** The path that is shown; pages are chosen by it. */
export function usePath(): string {
  return useSyncExternalStore(follow, () => location.pathname)
}

/** Goes to another page of this product without loading everything again. */
export function go(path: string): void {
  history.pushState(null, '', path)
  dispatchEvent(new PopStateEvent('popstate'))
  scrollTo(0, 0)
}

/** A link within the product. */
export function Link({ href, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const open = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return
    event.preventDefault()
    go(href)
  }
  return <a href={href} onClick={open} {...rest} />
}

function follow(listener: () => void): () => void {
  addEventListener('popstate', listener)
  return () => removeEventListener('popstate', listener)
}
