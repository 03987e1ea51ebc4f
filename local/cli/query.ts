import type { Row } from '../cloud/rows.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { type DataFolderClient, withDataFolder } from './data-folder-client.ts'
import { once } from './once.ts'
import { tableOf } from './tables.ts'
import { jsonText, valueText } from './value-text.ts'

type QueryOptions = {
  readonly data?: string
  readonly pipeline?: string
  readonly where?: string
  readonly json?: true
}

/** `millrace query`: what a view holds now. */
export const addQuery: AddCommand = (program, terminal) => {
  program
    .command('query')
    .description('print the rows of a view')
    .argument('<view>', 'the view, by the name that the pipeline returns it under')
    .option('--data <folder>', 'the data folder (default: the only one in .millrace)', once('--data'))
    .option('--pipeline <name>', 'the pipeline (default: the one that the data folder belongs to)', once('--pipeline'))
    .option('--where <key>', 'only rows of this key', once('--where'))
    .option('--json', 'print one JSON document, a list of rows')
    .action((view: string, options: QueryOptions) => query(view, options, terminal))
}

async function query(view: string, { data, pipeline, where, json }: QueryOptions, terminal: Terminal): Promise<void> {
  const all = await withDataFolder(data, async client => {
    const owner = await pipelineOf(client, view, pipeline)
    await checkView(client, owner, view)
    return client.call('viewRows', owner, view)
  })
  const rows = where === undefined ? all : all.filter(({ key }) => valueText(key) === where)
  terminal.out(json ? listText(rows) : tableOf(rows, { isWhole: true, way: '' }))
}

async function pipelineOf(client: DataFolderClient, view: string, asked: string | undefined): Promise<string> {
  const kept = await client.call('pipeline')
  if (asked !== undefined && kept !== undefined && asked !== kept) {
    throw new UsageError(
      `Cannot query pipeline "${asked}": data folder "${client.folder}" belongs to pipeline "${kept}", use that or another --data folder`,
    )
  }
  const name = asked ?? kept
  if (name !== undefined) return name
  throw new UsageError(
    `Cannot query view "${view}": no pipeline has run on data folder "${client.folder}", run one with millrace dev PIPELINE --data ${client.folder}`,
  )
}

async function checkView(client: DataFolderClient, pipeline: string, view: string): Promise<void> {
  const names = await client.call('viewNames', pipeline)
  if (names.includes(view)) return
  throw new UsageError(
    `Cannot query view "${view}": pipeline "${pipeline}" has no such view, ${
      names.length === 0 ? 'none of its views has a row yet' : `expected ${names.map(name => `"${name}"`).join(', ')}`
    }`,
  )
}

const listText = (rows: readonly Row[]): string =>
  rows.length === 0 ? '[]\n' : `[\n${rows.map(row => `  ${jsonText(row)}`).join(',\n')}\n]\n`
