import { Anchor, Text } from '@mantine/core'
import { Fragment } from 'react'
import { settings } from '../settings.ts'
import { useWords } from '../words/words.ts'

/** What whoever signs up agrees to, as far as the settings say where it can be read. */
export function Agreement() {
  const { words } = useWords()
  const { signUp } = words.visitor
  const { terms_url: terms, privacy_url: privacy } = settings.brand
  if (!terms && !privacy) return null
  const sentence = terms && privacy ? signUp.agreeBoth : terms ? signUp.agreeTerms : signUp.agreePrivacy
  const links: Record<string, { href: string | null; says: string }> = {
    '{terms}': { href: terms, says: signUp.terms },
    '{privacy}': { href: privacy, says: signUp.privacy },
  }
  return (
    <Text fz="xs" c="dimmed">
      {sentence.split(/(\{\w+\})/).map((part) => {
        const link = links[part]
        if (!link?.href) return <Fragment key={part}>{part}</Fragment>
        return (
          <Anchor key={part} href={link.href} target="_blank" rel="noopener" inherit underline="always">
            {link.says}
          </Anchor>
        )
      })}
    </Text>
  )
}
