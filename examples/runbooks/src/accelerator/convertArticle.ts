import { Problem } from '../problem.ts'
import { reachableFrom, type Tree, type TreeNode } from '../trees/rules.ts'
import { type Item, readArticle, type Section } from './readArticle.ts'

const LONGEST_TEXT = 200
const MOST_ITEMS = 200
const MOST_SECTIONS = 18
// Bounded, since it is looked for from each of these words on.
const JUMP = /\b(?:go|skip|continue|proceed|move on|jump|return)\b[^.]{0,80}?\bstep (\d{1,3})\b/i
const SOLVED = 'solved'
const HAND_OVER = 'hand-over'

/**
 * Makes a draft of a tree from an article: steps become questions whether they helped, sentences with “if” questions that lead to
 * what they say, and headings a choice between them. The same article always makes the same tree, and it is whole. Throws
 * article-not-convertible where no steps are found.
 */
export function convertArticle(text: string): Tree {
  const { title, sections } = readArticle(text)
  const items = sections.reduce((sum, section) => sum + section.items.length, 0)
  if (items === 0) {
    throw new Problem(
      'article-not-convertible',
      'It has neither a list of steps nor a sentence that begins with “If”.',
    )
  }
  if (items > MOST_ITEMS || sections.length > MOST_SECTIONS) {
    const most = `${MOST_SECTIONS} sections and ${MOST_ITEMS} steps`
    throw new Problem('article-not-convertible', `It is too long: a tree is made of at most ${most}.`)
  }
  const [first, ...others] = sections as [Section, ...Section[]]
  // What is to be done before the choice stands above the first section that has a heading of its own.
  const isPreamble = others.length > 0 && (first.heading === '' || first.heading === title)
  const chosen = isPreamble ? others : sections
  const choice: TreeNode[] = chosen.length > 1 ? [choiceOf(chosen)] : []
  const nodes = [
    ...(isPreamble ? chain(first, 0, choice[0]?.id ?? idOf(1, 0)) : []),
    ...choice,
    ...chosen.flatMap((section, i) => chain(section, i + 1, HAND_OVER)),
    { id: SOLVED, kind: 'outcome' as const, text: 'Solved' },
    { id: HAND_OVER, kind: 'outcome' as const, text: 'Not solved: hand it over' },
  ]
  const root = nodes[0] as TreeNode
  // Steps that every “go to step …” jumps over.
  const reached = reachableFrom(root.id, nodes)
  return { name: short(title || textOf(root)), nodes: nodes.filter(({ id }) => reached.has(id)) }
}

function choiceOf(sections: Section[]): TreeNode {
  const headings = sections.map(({ heading }) => short(heading))
  const answers = headings.map((heading, i) => {
    const earlier = headings.slice(0, i).filter((each) => each.toLowerCase() === heading.toLowerCase()).length
    return { text: earlier > 0 ? `${heading} (${i + 1})` : heading, to: idOf(i + 1, 0) }
  })
  return {
    id: 'choice',
    kind: 'question',
    text: 'Which of these is it?',
    answers: [...answers, { text: 'None of these', to: HAND_OVER }],
  }
}

/** The items of a section one after the other; what none of them solves goes on `after` it. */
function chain({ items }: Section, section: number, after: string): TreeNode[] {
  return items.flatMap((item, i) => {
    const id = idOf(section, i)
    const next = i + 1 < items.length ? idOf(section, i + 1) : after
    if (item.kind === 'step') {
      const jump = jumpOf(item.text, items, i)
      if (jump !== undefined) return [question(id, item.text, [{ text: 'Go on', to: idOf(section, jump) }])]
      const answers = [
        { text: 'That solved it', to: SOLVED },
        { text: 'It goes on', to: next },
      ]
      return [question(id, item.text, answers)]
    }
    const jump = jumpOf(item.says, items, i)
    const yes = jump === undefined ? `${id}-then` : idOf(section, jump)
    const asked = question(
      id,
      `${capital(item.when)}?`,
      [
        { text: 'Yes', to: yes },
        { text: 'No', to: next },
      ],
      item.before,
    )
    return jump === undefined ? [asked, outcome(yes, item.says)] : [asked]
  })
}

/** Which item a text sends to, when it is one further down: a tree has no circles. */
function jumpOf(text: string, items: Item[], from: number): number | undefined {
  const [, number] = JUMP.exec(text) ?? []
  const found = number === undefined ? -1 : items.findIndex((item) => item.number === Number(number))
  return found > from ? found : undefined
}

function question(id: string, text: string, answers: { text: string; to: string }[], detail = ''): TreeNode {
  return { id, kind: 'question', text: short(text), ...detailOf(text, detail), answers }
}

function outcome(id: string, text: string): TreeNode {
  return { id, kind: 'outcome', text: short(text), ...detailOf(text, '') }
}

/** What does not fit into the text, and what comes before it. */
function detailOf(text: string, before: string): { detail?: string } {
  const parts = [before, text.length > LONGEST_TEXT ? text : ''].filter(Boolean)
  return parts.length > 0 ? { detail: parts.join('\n').slice(0, 5_000) } : {}
}

function short(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1).trimEnd()}…` : text
}

function textOf({ text }: TreeNode): string {
  return text
}

function idOf(section: number, item: number): string {
  return `s${section}-${item + 1}`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
