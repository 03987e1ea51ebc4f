/** Measure, figure, goal, verdict. */
export type Row = readonly [string, string, string, string]

export type Section = { readonly name: string; readonly rows: readonly Row[] }

/** The sections of a RESULTS.md with those that were measured in place of their old ones, in the order of `names`. */
export function updated(before: string, names: readonly string[], measured: readonly Section[]): readonly Section[] {
  const known = new Map([...sectionsOf(before), ...measured].map(section => [section.name, section]))
  return names.flatMap(name => known.get(name) ?? [])
}

function sectionsOf(text: string): readonly Section[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map(part => {
      const [name, ...lines] = part.split('\n')
      return {
        name,
        rows: lines
          .filter(line => line.startsWith('| '))
          .map(rowOf)
          .slice(2),
      }
    })
}

function rowOf(line: string): Row {
  const [measure = '', figure = '', goal = '', verdict = ''] = line.slice(2, -2).split(' | ')
  return [measure, figure, goal, verdict]
}

export const textOf = (machine: string, sections: readonly Section[]): string => `# Results

Written by \`npm run bench\`. ${machine}
Absolute figures prove nothing on such a machine; each stands beside a yardstick measured in the same run.

${sections.map(tableOf).join('\n\n')}

The bare loop reads, splits, parses and aggregates the file on one core, without a stream, a shuffle or a commit: see
\`bench/bare-orders.ts\`. The pipeline runs through its Lambda handlers on the embedded cloud, events in Kinesis' shape, with decoding
stages in a thread of their own. The Nexmark queries run so on one core: their rates are by the time of the processor, from a cold start,
and the bare loop beside them reads and parses the lines of all events. Write units are those of the items that \`shared/aws\` puts,
names included. The bare handler is
\`bench/cold-start/bare-handler.ts\`: the same clients, middleware, logger and metrics, bundled with the same options, and no logic.
`

const tableOf = ({ name, rows }: Section): string => `## ${name}

| measure | figure | goal | |
| --- | --- | --- | --- |
${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}`
