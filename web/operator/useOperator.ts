import { useEffect, useSyncExternalStore } from 'react'
import { operatorClient } from './operatorClient.ts'

/** Who of the staff is signed in. The service is asked once. */
export function useOperator() {
  useEffect(() => void operatorClient.ready(), [])
  return useSyncExternalStore(operatorClient.subscribe, () => operatorClient.session)
}
