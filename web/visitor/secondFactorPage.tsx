import { FrontgateProblem, unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Anchor } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../client.ts'
import { ProveForm } from '../factors/proveForm.tsx'
import { productName } from '../settings.ts'
import { Card } from '../shell/card.tsx'
import { Failed } from '../shell/failed.tsx'
import { Loading } from '../shell/loading.tsx'
import { useWords } from '../words/words.ts'
import { carriedOn, placeAfterSignIn } from './carriedOn.ts'
import { GoOn } from './goOn.tsx'
import { LinkButton } from './linkButton.tsx'
import { Outcome } from './outcome.tsx'
import { useGoOn } from './useGoOn.ts'

const ask = async () => unwrap(await client.api.POST('/v1/auth/second-factor/question', { body: {} }))

/** The second step of a sign-in: the browser holds what the first one was answered with. */
export function SecondFactorPage() {
  const { words } = useWords()
  const { user } = useSession()
  const goOn = useGoOn()
  const [isEntering, setEntering] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: ['second-factor'],
    queryFn: ask,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  })
  const own = words.factor
  const { invite_token: invite } = carriedOn()
  const place = invite ? `/accept-invite?${new URLSearchParams({ token: invite })}` : placeAfterSignIn()
  if (isOver(error)) {
    if (user && !isEntering) return <GoOn to={place} />
    return (
      <Outcome title={own.overTitle} lead={own.over}>
        <LinkButton to="/sign-in">{words.visitor.link.signIn}</LinkButton>
      </Outcome>
    )
  }
  if (error) return <Failed error={error} reset={() => void refetch()} />
  if (!data) return <Loading />
  return (
    <Card title={own.title} lead={own.lead(productName)}>
      <ProveForm
        question={data}
        submit={words.visitor.signIn.submit}
        askAgain={ask}
        onProof={async (proof) => {
          setEntering(true)
          try {
            await client.proveFactor(proof)
            goOn(place, 'replace')
          } catch (thrown) {
            setEntering(false)
            if (isOver(thrown)) await refetch()
            throw thrown
          }
        }}
      />
      <Anchor component={Link} to="/sign-in" search={carriedOn() as never} fz="sm" ta="center">
        {own.another}
      </Anchor>
    </Card>
  )
}

const isOver = (error: unknown) => error instanceof FrontgateProblem && error.code === 'challenge-over'
