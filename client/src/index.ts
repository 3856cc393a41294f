export {
  type ClientOptions,
  createClient,
  type FrontgateClient,
  type ProofBody,
  type RegisterBody,
  type SignInBody,
  type SignInUrlOptions,
} from './api/createClient.ts'
export {
  createOperatorClient,
  type OperatorClient,
  type OperatorClientOptions,
} from './api/createOperatorClient.ts'
export type { Operator, OperatorProof, OperatorSession } from './api/operatorSession.ts'
export {
  FrontgateProblem,
  FrontgateUnreachable,
  type ProblemBody,
  SessionChanged,
  unwrap,
} from './api/problem.ts'
export type { components, operations, ProblemCode, paths } from './api/schema.ts'
export type { AccountRef, Session, TokenStore, User } from './api/session.ts'
