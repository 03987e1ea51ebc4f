import { counted } from '../model/counted.ts'
import type { InputDescription, PlanDescription, StageDescription } from './describe.ts'
import type { ErrorPolicy } from './graph.ts'

/** A description for a person: a paragraph for each stage, in the order in which data flows. */
export function textOfPlan({ pipeline, fingerprint, stages }: PlanDescription): string {
  const head = `pipeline ${pipeline}, fingerprint ${fingerprint}\n`
  return [head, ...stages.map(paragraph)].join('\n')
}

function paragraph(stage: StageDescription): string {
  const { name, kind, steps, operators, sends, sinks, onError, guarantee } = stage
  const lines: [string, string][] = inputLines(stage.reads)
  for (const step of steps) lines.push(['runs', step])
  for (const { name: operator, function: fn, windows, emits, lateness, keeps } of operators) {
    const late = lateness === 'none' ? '' : `, accepts late records for ${lateness}`
    lines.push(['operator', `${operator}: ${fn}, ${windows}, emits ${emits}${late}`], ['keeps', keeps])
  }
  for (const { stage: receiver, stream } of sends) lines.push(['sends', `to stage ${receiver} by stream "${stream}"`])
  for (const { name: sink, kind: what, takes, destination, guarantee: lands } of sinks) {
    lines.push([what, `${sink} of ${takes}${destination === undefined ? '' : ` to ${destination}`}, ${lands}`])
  }
  lines.push(['on error', policies[onError]], ['guarantee', guarantee])
  const width = Math.max(...lines.map(([what]) => what.length))
  return `stage ${name} (${kind})\n${lines.map(([what, how]) => `  ${what.padEnd(width)}  ${how}\n`).join('')}`
}

function inputLines(reads: InputDescription): [string, string][] {
  if (reads.kind === 'source') {
    const { stream, from, codec, outOfOrder, idle, onMalformed } = reads
    const time =
      idle === 'never' ? `up to ${outOfOrder} out of order` : `up to ${outOfOrder} out of order, idle ${idle}`
    return [
      ['reads', `source "${stream}"${from === undefined ? '' : ` from ${from},`} as ${codec}, ${time}`],
      ['malformed', policies[onMalformed]],
    ]
  }
  const { stream, keyGroups, from, edges } = reads
  const groups = counted(keyGroups, 'key group')
  return [
    ['reads', `stream "${stream}" from ${from.map(stage => `stage ${stage}`).join(', ')}, ${groups}`],
    ...edges.flatMap(({ key, ships }): [string, string][] => [
      ['key', key],
      ['ships', ships],
    ]),
  ]
}

const policies: Readonly<Record<ErrorPolicy, string>> = {
  deadLetter: 'kept as a dead letter',
  skip: 'skipped and counted',
  fail: 'stops its shard until a person acts',
}

/** A description as a Mermaid flowchart: streams are rounded, stages are boxes, sinks are cylinders. */
export function mermaidOfPlan({ stages }: PlanDescription): string {
  const lines = ['flowchart LR']
  const names = new Map(stages.map((stage, i) => [stage.name, `s${i}`]))
  for (const [i, { name, kind, reads, operators, sends, sinks }] of stages.entries()) {
    const inside = operators.map(operator => `${operator.name}: ${operator.function}`)
    lines.push(`  s${i}["${[`${name} (${kind})`, ...inside].join('<br/>')}"]`)
    if (reads.kind === 'source') lines.push(`  i${i}(["${reads.stream}"]) --> s${i}`)
    for (const { stage, stream } of sends) lines.push(`  s${i} -- "${stream}" --> ${names.get(stage)}`)
    for (const [k, sink] of sinks.entries()) lines.push(`  s${i} --> o${i}_${k}[("${sink.name} (${sink.kind})")]`)
  }
  return `${lines.join('\n')}\n`
}
