import { Option } from 'commander'
import { describe } from '../../shared/plan/describe.ts'
import { mermaidOfPlan, textOfPlan } from '../../shared/plan/describe-text.ts'
import { loadPipeline } from '../functions/load-pipeline.ts'
import type { AddCommand } from './command-line.ts'
import { once } from './once.ts'

type ExplainFlags = { readonly mermaid?: true; readonly json?: true; readonly pipeline?: string }

export const addExplain: AddCommand = (program, terminal) => {
  program
    .command('explain')
    .description('print what a pipeline is: stages, streams, keys, state, guarantees')
    .argument('<pipeline>', 'the module that exports it, e.g. functions/orders/pipeline.ts')
    .addOption(new Option('--mermaid', 'print a Mermaid flowchart').conflicts('json'))
    .option('--json', 'print one JSON document')
    .option('--pipeline <name>', 'which pipeline, where the module exports several', once('--pipeline'))
    .action(async (file: string, { mermaid, json, pipeline }: ExplainFlags) => {
      const description = describe((await loadPipeline(file, pipeline)).plan)
      if (mermaid) terminal.out(mermaidOfPlan(description))
      else if (json) terminal.out(`${JSON.stringify(description, undefined, 2)}\n`)
      else terminal.out(textOfPlan(description))
    })
}
