import { createHash } from 'node:crypto'
import { describeWindows } from '../windows/window.ts'
import type { Plan, Stage, StatefulNode } from './plan.ts'
import { windowsOf } from './steps.ts'

/**
 * What a stage's state means: kept with each commit, so that an edit that would misread old state is refused. Operators may come and
 * go; one that keeps its name must keep its function and its windows.
 */
export function shapeOf(stage: Stage): string {
  const operators = Object.fromEntries([...stage.operators].sort(byName).flatMap(meaningsOf))
  return JSON.stringify({ keyGroups: stage.input.kind === 'shuffle' ? stage.input.groups : 0, operators })
}

type Shape = { readonly keyGroups: number; readonly operators: Readonly<Record<string, string>> }

/** What of `after` would misread state written as `before`, as a sentence's end; undefined when nothing would. */
export function misreading(before: string, after: string): string | undefined {
  if (before === after) return undefined
  const [old, now]: Shape[] = [JSON.parse(before), JSON.parse(after)]
  if (old.keyGroups !== now.keyGroups) {
    return `its state is in ${old.keyGroups} key groups, the program asks for ${now.keyGroups}`
  }
  for (const [name, meaning] of Object.entries(now.operators)) {
    const known = old.operators[name]
    if (known !== undefined && known !== meaning)
      return `operator "${name}" kept state of "${known}", the program makes it "${meaning}"`
  }
  return undefined
}

/** Twelve hexadecimal digits that change with anything that state or positions depend on. */
export function fingerprintOf(plan: Plan): string {
  const shapes = plan.stages.map(stage => [
    stage.name,
    stage.kind,
    shapeOf(stage),
    stage.shuffles.map(shuffle => shuffle.stage),
  ])
  return createHash('sha256')
    .update(JSON.stringify([plan.name, shapes]))
    .digest('hex')
    .slice(0, 12)
}

function meaningsOf(node: StatefulNode): [name: string, meaning: string][] {
  const states = node.kind === 'operator' ? Object.entries(node.definition.states ?? {}) : []
  return [
    [node.name, meaningOf(node)],
    ...states.map(([name, means]): [string, string] => [`${node.name}.${name}`, means]),
  ]
}

function meaningOf(node: StatefulNode): string {
  if (node.kind === 'distinct') return node.by === 'key' ? 'distinct' : 'distinct by position'
  if (node.kind === 'operator') return node.definition.meaning
  const windows = windowsOf(node)
  const by = windows === undefined ? 'so far' : describeWindows(windows)
  const panes = node.emission.kind === 'panes' ? `, ${node.emission.accumulation} panes` : ''
  return `${node.kind === 'top' ? 'top' : node.function}, ${by}${panes}`
}

const byName = (a: StatefulNode, b: StatefulNode): number => (a.name < b.name ? -1 : 1)
