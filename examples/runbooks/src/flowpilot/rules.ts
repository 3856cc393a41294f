import { reachableFrom, type Tree, type TreeNode } from '../trees/rules.ts'

/** Something that words may lead to. */
export interface Candidate {
  id: string
  text: string
}

/** How well a candidate fits, and the words that say so, as they were written. */
export interface Ranked {
  id: string
  score: number
  words: string[]
}

// The usual constants of BM25: how soon a repeated word stops counting, and how much long texts are held back.
const SATURATION = 1.2
const LENGTH_WEIGHT = 0.75
const NOTHING_SAID = new Set(
  `a about after again all also am an and any are as at be been but by can could did do does doing done for from get got
  had has have he her hers him his how i if in into is it its just me my no not of on or our out she so some still than
  that the their them then there these they this those to too up us was we were what when where which while who why will
  with would yes you your`.split(/\s+/),
)

/**
 * Orders candidates by how well they fit what was said (BM25: rare words count more, repeated ones less and less, long
 * texts are no better for being long). What has none of the words is left out.
 */
export function rank(said: string, candidates: readonly Candidate[]): Ranked[] {
  const asked = new Map(wordsOf(said).map(({ stem, word }) => [stem, word]))
  const texts = candidates.map(({ id, text }) => ({ id, stems: wordsOf(text).map(({ stem }) => stem) }))
  const meanLength = texts.reduce((sum, { stems }) => sum + stems.length, 0) / Math.max(1, texts.length)
  const weightOf = (stem: string) => {
    const having = texts.filter(({ stems }) => stems.includes(stem)).length
    return Math.log(1 + (texts.length - having + 0.5) / (having + 0.5))
  }
  const weights = new Map([...asked.keys()].map((stem) => [stem, weightOf(stem)]))
  return texts
    .map(({ id, stems }) => {
      const found = [...asked.keys()].filter((stem) => stems.includes(stem))
      const long = 1 - LENGTH_WEIGHT + (LENGTH_WEIGHT * stems.length) / Math.max(1, meanLength)
      const scores = found.map((stem) => {
        const times = stems.filter((each) => each === stem).length
        return ((weights.get(stem) ?? 0) * times * (SATURATION + 1)) / (times + SATURATION * long)
      })
      const score = scores.reduce((sum, each) => sum + each, 0)
      return { id, score, words: found.map((stem) => asked.get(stem) ?? stem) }
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
}

/** The words of a text that say something, each with the stem under which its other forms are found. */
export function wordsOf(text: string): { word: string; stem: string }[] {
  return [...text.toLowerCase().matchAll(/[\p{L}\p{N}]+(?:['’]\p{L}+)?/gu)].flatMap(([word]) => {
    const plain = word
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .replace(/['’].*/, '')
    return NOTHING_SAID.has(plain) || NOTHING_SAID.has(word) ? [] : [{ word, stem: stemOf(plain) }]
  })
}

/** What each answer of a question leads to, in words: the answer itself, and everything below it. */
export function answersAsCandidates(question: TreeNode, nodes: readonly TreeNode[]): Candidate[] {
  if (question.kind === 'outcome') return []
  return question.answers.map(({ text, to }) => {
    const below = reachableFrom(to, nodes)
    // Twice: the answer is what the choice is about.
    const texts = [text, text, ...nodes.filter(({ id }) => below.has(id)).map(textOf)]
    return { id: text, text: texts.join(' ') }
  })
}

/** A tree in words. Its name counts twice. */
export function treeAsCandidate({ id, name, nodes }: Tree & { id: string }): Candidate {
  return { id, text: [name, name, ...nodes.map(textOf)].join(' ') }
}

function textOf(node: TreeNode): string {
  const answers = node.kind === 'question' ? node.answers.map(({ text }) => text) : []
  return [node.text, node.detail ?? '', ...answers].join(' ')
}

/** Small on purpose: it brings `printing`, `prints` and `printed` together, and is no grammar. */
function stemOf(word: string): string {
  if (word.length < 4) return word
  const bare = word
    .replace(/ies$/, 'y')
    .replace(/(?<=.{3})(?:ing|ed|es)$/, '')
    .replace(/(?<=[^s]{3})s$/, '')
  return bare.replace(/([^aeioulsz])\1$/, '$1').replace(/(?<=.{3})e$/, '')
}
