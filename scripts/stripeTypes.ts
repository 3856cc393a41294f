import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import {
  AnnotatedType,
  AnyType,
  type Config,
  createFormatter,
  createParser,
  createProgram,
  DEFAULT_CONFIG,
  type Definition,
  DefinitionType,
  type MutableParser,
  NeverType,
  NullType,
  SchemaGenerator,
  StringType,
  type SubNodeParser,
  UnionType,
} from 'ts-json-schema-generator'

type Node = Parameters<SubNodeParser['supportsNode']>[0]
type Program = ReturnType<typeof createProgram>

/** The parts of a syntax node that are looked at, of whatever kind it is. */
interface Syntax extends Node {
  name?: Node
  type?: Syntax
  typeName?: Node
  types?: Syntax[]
  members?: Syntax[]
  literal?: Node & { text?: string }
}

/** An object of Stripe's API: an interface that says which by the word of its `object`. */
export interface Resource {
  word: string
  /** As in the SDK: `Checkout.Session`. */
  name: string
  isDeleted: boolean
  node: Node
}

/** The types of the SDK that is installed. */
export interface StripeTypes {
  resources: Resource[]
  /** What an event is about, by its type; those about one of several things are left out. */
  eventWords: Record<string, string>
  /**
   * JSON Schema of these and of all that they lead to, by name. References are ids; other objects than these
   * are nowhere allowed.
   */
  describe(resources: Resource[]): Record<string, Definition>
}

// TypeScript 7 has no interface for JavaScript; the generator brings a version that has one.
const fromGenerator = createRequire(import.meta.resolve('ts-json-schema-generator'))
const { SyntaxKind, SymbolFlags } = fromGenerator('typescript') as {
  SyntaxKind: Record<
    | 'InterfaceDeclaration'
    | 'LiteralType'
    | 'NullKeyword'
    | 'StringKeyword'
    | 'TypeReference'
    | 'UnionType'
    | 'VoidKeyword',
    number
  >
  SymbolFlags: { Alias: number }
}

const RESOURCES = '/stripe/esm/resources/'
const DECIMAL = '^-?\\d+(\\.\\d+)?$'

const config: typeof DEFAULT_CONFIG & Config = {
  ...DEFAULT_CONFIG,
  path: fileURLToPath(new URL('../node_modules/stripe/esm/resources.d.ts', import.meta.url)),
  // The types are taken as they are: checking them is the SDK's part.
  skipTypeCheck: true,
  jsDoc: 'none',
  expose: 'all',
  encodeRefs: false,
}

/** Reads the SDK's own declarations. */
export function readStripeTypes(): StripeTypes {
  const program = createProgram(config)
  nameByFolder(program)
  const interfaces = program
    .getSourceFiles()
    // Version 2 of the API has objects of its own, by the same words.
    .filter(({ fileName }) => fileName.includes(RESOURCES) && !fileName.includes(`${RESOURCES}V2/`))
    .flatMap((file) => file.statements.filter(({ kind }) => kind === SyntaxKind.InterfaceDeclaration))
  return {
    resources: interfaces.flatMap((node) => resourceOf(program, node)),
    eventWords: Object.fromEntries(interfaces.flatMap((node) => eventWord(program, node))),
    describe(resources) {
      const words = new Set(resources.map(({ word }) => word))
      const parser = createParser(program, config, (chain) => narrow(chain, program, words))
      const generator = new SchemaGenerator(program, parser, createFormatter(config), config)
      const { definitions = {} } = generator.createSchemaFromNodes(resources.map(({ node }) => node))
      return definitions as Record<string, Definition>
    },
  }
}

/** `Checkout.Session` and `BillingPortal.Session` are both just `Session` in their files. */
function nameByFolder(program: Program): void {
  const checker = program.getTypeChecker()
  const nameOf = checker.getFullyQualifiedName.bind(checker)
  checker.getFullyQualifiedName = (symbol) =>
    nameOf(symbol).replace(/^".*"\./, (file) => {
      const folder = file.split(RESOURCES)[1]?.split('/').slice(0, -1).join('.')
      return folder ? `${folder}.` : ''
    })
}

function resourceOf(program: Program, node: Syntax): Resource[] {
  const word = wordOf(node)
  const checker = program.getTypeChecker()
  const symbol = node.name && checker.getSymbolAtLocation(node.name)
  if (word === undefined || !symbol) return []
  const isDeleted = memberOf(node, 'deleted')?.kind === SyntaxKind.LiteralType
  return [{ word, name: checker.getFullyQualifiedName(symbol), isDeleted, node }]
}

/** Brings the types to what travels, where the objects that are referred to are not expanded. */
function narrow(chain: MutableParser, program: Program, words: ReadonlySet<string>): void {
  const parse = (
    supportsNode: (node: Syntax) => boolean,
    createType: (node: Syntax) => ReturnType<SubNodeParser['createType']>,
  ) => chain.addNodeParser({ supportsNode: (node) => supportsNode(node as Syntax), createType })
  const isNamed = (node: Syntax, name: string) =>
    node.kind === SyntaxKind.TypeReference && node.typeName?.getText() === name
  const absent = () => new DefinitionType('Absent', new AnnotatedType(new AnyType(), { not: {} }, false))
  // An enumeration that is open says so by this name, and without it lists its words.
  parse(
    (node) => isNamed(node, 'OtherString'),
    () => new NeverType(),
  )
  parse(
    (node) => isNamed(node, 'Decimal'),
    () => new AnnotatedType(new StringType(), { pattern: DECIMAL }, false),
  )
  // Text or an object is a reference that can be expanded.
  parse(
    ({ kind, types }) => kind === SyntaxKind.UnionType && hasKind(types, SyntaxKind.StringKeyword),
    ({ types }) =>
      types?.some(isNull) ? new UnionType([new StringType(), new NullType()]) : new StringType(),
  )
  parse(({ kind }) => kind === SyntaxKind.VoidKeyword, absent)
  parse((node) => {
    const word = node.kind === SyntaxKind.TypeReference && wordOf(declarationOf(program, node))
    return typeof word === 'string' && word !== 'list' && !words.has(word)
  }, absent)
}

function hasKind(nodes: Node[] | undefined, kind: number): boolean {
  return nodes?.some((node) => node.kind === kind) ?? false
}

function isNull({ kind, literal }: Syntax): boolean {
  return kind === SyntaxKind.LiteralType && literal?.kind === SyntaxKind.NullKeyword
}

function eventWord(program: Program, node: Syntax): [string, string][] {
  const type = memberOf(node, 'type')?.literal?.text
  const data = type === undefined ? undefined : declarationOf(program, memberOf(node, 'data'))
  const word = data && wordOf(declarationOf(program, memberOf(data, 'object')))
  return type === undefined || word === undefined ? [] : [[type, word]]
}

/** The interface that a reference names. */
function declarationOf(program: Program, reference: Syntax | undefined): Syntax | undefined {
  if (!reference?.typeName) return undefined
  const checker = program.getTypeChecker()
  const named = checker.getSymbolAtLocation(reference.typeName)
  const symbol = named && named.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(named) : named
  return symbol?.declarations?.find(({ kind }) => kind === SyntaxKind.InterfaceDeclaration)
}

/** What the interface's `object` always is. */
function wordOf(node: Syntax | undefined): string | undefined {
  return node && memberOf(node, 'object')?.literal?.text
}

function memberOf({ members }: Syntax, name: string): Syntax | undefined {
  return members?.find((member) => member.name?.getText() === name)?.type
}
