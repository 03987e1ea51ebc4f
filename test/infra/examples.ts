import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { type IStream, Stream } from 'aws-cdk-lib/aws-kinesis'
import { wordCount } from '../../functions/word-count/pipeline.ts'
import { Pipeline } from '../../infra/pipeline.ts'
import type { PipelineProps } from '../../infra/props.ts'

/** An app as the CDK's command line makes it, into a folder that goes with this process. */
export function newApp(context: Readonly<Record<string, unknown>> = {}): App {
  const outdir = mkdtempSync(join(tmpdir(), 'millrace-infra-'))
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }))
  return new App({ outdir, context: { ...contextOfTree, ...context } })
}

const contextOfTree: Record<string, unknown> = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../cdk.json'), 'utf8'),
).context

/** A deployment of word-count in a stack of its own. */
export function wordCountIn(
  app: App,
  props: Partial<PipelineProps> | ((stack: Stack) => Partial<PipelineProps>) = {},
  id = 'Words',
): { readonly stack: Stack; readonly pipeline: Pipeline; readonly lines: IStream } {
  const stack = new Stack(app, id)
  const lines = new Stream(stack, 'Lines')
  const pipeline = new Pipeline(stack, 'Pipeline', {
    pipeline: wordCount,
    entry: 'functions/word-count/handlers.ts',
    source: { lines },
    ...(typeof props === 'function' ? props(stack) : props),
  })
  return { stack, pipeline, lines }
}
