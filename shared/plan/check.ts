import { ConfigurationError } from '../model/errors.ts'
import { limits } from '../model/limits.ts'
import { type Graph, hasUpdates, inputsOf, isRowNode, isRowStep, isShuffled, type Node } from './graph.ts'
import { windowsOf } from './steps.ts'

/** What types cannot refuse is refused here, when the pipeline is built. */
export function checkGraph(graph: Graph, nodes: readonly Node[]): void {
  const cannot = (what: string): never => {
    throw new ConfigurationError(`Cannot build pipeline "${graph.name}": ${what}`)
  }
  if (graph.sinks.length === 0) cannot('it returns nothing, return at least one result or sink, as in { counts }')
  const { keyGroups } = graph
  if (!Number.isInteger(keyGroups) || keyGroups < 1 || keyGroups > limits.maxKeyGroups) {
    cannot(`${keyGroups} key groups were asked for, expected 1 to ${limits.maxKeyGroups}`)
  }
  checkNames(graph, nodes, cannot)
  checkStreams(graph, nodes, cannot)
  for (const node of nodes) {
    checkSessionRows(graph, node, nodes, cannot)
    checkRanked(node, cannot)
  }
}

/** A ranking goes with its window; of count windows each key has its own. */
function checkRanked(node: Node, cannot: (what: string) => never): void {
  if (node.kind === 'top' && windowsOf(node)?.kind === 'count') {
    cannot(`top "${node.name}" ranks rows of count windows, which keys do not share, expected windows of event time`)
  }
}

function checkNames(graph: Graph, nodes: readonly Node[], cannot: (what: string) => never): void {
  const stages = new Map<string, Node>()
  const operators = new Map<string, Node>()
  for (const node of nodes) {
    if (node.kind === 'source' || isShuffled(node)) {
      const other = stages.get(node.name)
      const mayShare = other !== undefined && mayMeet(other) && mayMeet(node)
      if (other !== undefined && !mayShare) cannot(`two stages are named "${node.name}", ${sameSource(node, other)}`)
      stages.set(node.name, node)
    }
    if (isNamed(node)) {
      if (operators.has(node.name)) cannot(`two operators are named "${node.name}", give one of them another name`)
      operators.set(node.name, node)
    }
  }
  for (const name of [graph.name, ...stages.keys(), ...operators.keys(), ...graph.sinks.map(sink => sink.name)]) {
    if (!isName(name)) {
      cannot(`the name "${name}" is not allowed, expected a letter, then up to 63 letters, digits, "-" or "_"`)
    }
  }
}

const isNamed = (node: Node) =>
  node.kind === 'aggregate' ||
  node.kind === 'distinct' ||
  node.kind === 'top' ||
  node.kind === 'operator' ||
  node.kind === 'lookup'

const sameSource = (node: Node, other: Node | undefined): string =>
  node.kind === 'source' && other?.kind === 'source'
    ? 'take the source once and keep its stream in a constant'
    : 'give one of them another name'

/** Keyed streams and broadcasts of one name meet in one stage. */
const mayMeet = (node: Node): boolean => node.kind === 'keyBy' || node.kind === 'broadcast'

/** Names become properties of objects, so what every object has already is none. */
const isName = (name: string): boolean => /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name) && !(name in Object.prototype)

/** The pipeline's own streams are named by its stages: nobody else may write to them. */
function checkStreams(graph: Graph, nodes: readonly Node[], cannot: (what: string) => never): void {
  const own = new Map<string, string>()
  for (const node of nodes) {
    if (isShuffled(node)) own.set(`${graph.name}-${node.name}`, node.name)
  }
  for (const stream of own.keys()) {
    if (stream.length > limits.streamNameCharacters) {
      cannot(
        `its stream "${stream}" would have a name of ${stream.length} characters, expected at most ${limits.streamNameCharacters}: shorten the pipeline's or the stage's name`,
      )
    }
  }
  const refuse = (what: string, stream: string): void => {
    const stage = own.get(stream)
    if (stage !== undefined)
      cannot(
        `${what} "${stream}" has the name of the stream between the pipeline's stages that feeds "${stage}", give it another name`,
      )
  }
  for (const node of nodes) if (node.kind === 'source') refuse('source', node.name)
  for (const sink of graph.sinks) if (sink.kind === 'stream') refuse('stream', sink.stream)
}

/**
 * Rows of a session that may still merge are taken back when it does: a view and a top understand that, other operators would go on
 * with rows that no longer stand.
 */
function checkSessionRows(graph: Graph, node: Node, nodes: readonly Node[], cannot: (what: string) => never): void {
  if (!isRowNode(node) || node.kind === 'top') return
  if (windowsOf(node)?.kind !== 'session' || !hasUpdates(node)) return
  // Rows that say which pane they are are not taken for the last word.
  if (node.kind === 'aggregate' && node.emission.kind === 'panes') return
  for (const taker of nodes) {
    if (!inputsOf(taker).includes(node)) continue
    if (taker.kind === 'top' || isRowStep(taker) || taker.kind === 'side' || taker.kind === 'operator') continue
    cannot(`${taker.kind} takes rows of ${mergingRows}`)
  }
  for (const sink of graph.sinks) {
    if (sink.input === node && sink.kind !== 'view') cannot(`sink "${sink.name}" takes rows of ${mergingRows}`)
  }
}

const mergingRows =
  'session windows that may still merge, keep them as a view or a top, or emit them "final" without allowed lateness'
