import type { CloudClient } from '../cloud/operations.ts'
import type { Row } from '../cloud/rows.ts'
import { viewNames } from '../run/results.ts'
import { type AwsOptions, addAwsOptions, awsPlace } from './aws-options.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { once } from './once.ts'
import { type NamedPipeline, namedPipeline } from './pipeline-name.ts'
import { tableOf } from './tables.ts'
import { jsonText, valueText } from './value-text.ts'
import { withCloud } from './with-cloud.ts'

type QueryOptions = AwsOptions & {
  readonly pipeline?: string
  readonly where?: string
  readonly json?: true
}

/** `millrace query`: what a view holds now. */
export const addQuery: AddCommand = (program, terminal) => {
  const command = program
    .command('query')
    .description('print the rows of a view')
    .argument('<view>', 'the view, by the name that the pipeline returns it under')
    .option('--data <folder>', 'the data folder (default: the only one in .millrace)', once('--data'))
    .option(
      '--pipeline <name>',
      'the pipeline, by its name or its module (default: the one that the data folder belongs to)',
      once('--pipeline'),
    )
    .option('--where <key>', 'only rows of this key', once('--where'))
    .option('--json', 'print one JSON document, a list of rows')
  addAwsOptions(command).action((view: string, options: QueryOptions) => query(view, options, terminal))
}

async function query(view: string, options: QueryOptions, terminal: Terminal): Promise<void> {
  const { pipeline, where, json } = options
  const asked = pipeline === undefined ? undefined : await namedPipeline(pipeline)
  if (asked === undefined && awsPlace(options) !== undefined) {
    throw new UsageError(`Cannot query view "${view}": it is not known of which pipeline, add --pipeline NAME`)
  }
  const all = await withCloud(options, async client => {
    const owner = await pipelineOf(client, view, asked)
    checkView(owner.name, view, owner.plan === undefined ? await client.viewNames(owner.name) : viewNames(owner.plan))
    return client.viewRows(owner.name, view)
  })
  const rows = where === undefined ? all : all.filter(({ key }) => valueText(key) === where)
  terminal.out(json ? listText(rows) : tableOf(rows, { isWhole: true, way: '' }))
}

async function pipelineOf(client: CloudClient, view: string, asked: NamedPipeline | undefined): Promise<NamedPipeline> {
  const kept = await client.pipeline()
  if (asked !== undefined && kept !== undefined && asked.name !== kept) {
    throw new UsageError(
      `Cannot query pipeline "${asked.name}": ${client.place} belongs to pipeline "${kept}", use that or another --data folder`,
    )
  }
  if (asked !== undefined) return asked
  if (kept !== undefined) return { name: kept, plan: undefined }
  throw new UsageError(
    `Cannot query view "${view}": no pipeline has run on ${client.place}, run one there with millrace dev`,
  )
}

/** Of a pipeline on AWS that is known by its name alone, a view that is not there is one without rows. */
function checkView(pipeline: string, view: string, names: readonly string[] | undefined): void {
  if (names === undefined || names.includes(view)) return
  throw new UsageError(
    `Cannot query view "${view}": pipeline "${pipeline}" has no such view, ${
      names.length === 0 ? 'none of its views has a row yet' : `expected ${names.map(name => `"${name}"`).join(', ')}`
    }`,
  )
}

const listText = (rows: readonly Row[]): string =>
  rows.length === 0 ? '[]\n' : `[\n${rows.map(row => `  ${jsonText(row)}`).join(',\n')}\n]\n`
