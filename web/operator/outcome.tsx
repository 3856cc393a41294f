import { Affix, Box, Notification } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react'
import { useWords } from '../words/words.ts'

const OutcomeContext = createContext<(said: string) => void>(() => {})
const SHOWN_MS = 8_000

/** Says what came of an act, whatever page or dialog it was begun in. */
export const useSayOutcome = () => useContext(OutcomeContext)

export function OutcomeProvider({ children }: { children: ReactNode }) {
  const { words } = useWords()
  const [said, setSaid] = useState<{ text: string } | null>(null)
  const say = useCallback((text: string) => setSaid({ text }), [])
  useEffect(() => {
    if (!said) return
    const timer = setTimeout(() => setSaid(null), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [said])
  return (
    <OutcomeContext value={say}>
      {children}
      <Affix position={{ bottom: 16, right: 16 }} maw="calc(100vw - 32px)">
        <Box role="status">
          {said && (
            <Notification
              color="teal"
              icon={<IconCheck size={16} aria-hidden />}
              withBorder
              onClose={() => setSaid(null)}
              closeButtonProps={{ 'aria-label': words.shared.close }}
            >
              {said.text}
            </Notification>
          )}
        </Box>
      </Affix>
    </OutcomeContext>
  )
}
