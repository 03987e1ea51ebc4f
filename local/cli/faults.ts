import { createHash } from 'node:crypto'
import type { Command } from 'commander'
import { asBuffer } from '../../shared/codecs/bytes.ts'
import { callsWithin } from '../../shared/model/calls-within.ts'
import { limits } from '../../shared/model/limits.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import type { CloudClient } from '../cloud/operations.ts'
import { whyNotResubmitted } from '../cloud/resubmission.ts'
import { alignedColumns } from './aligned-columns.ts'
import { type AwsOptions, addAwsOptions } from './aws-options.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { counted, wholeNumber } from './numbers.ts'
import { numberIn, once } from './once.ts'
import { namedPipeline } from './pipeline-name.ts'
import { printable } from './tables.ts'
import { utf8Of } from './value-text.ts'
import { withCloud } from './with-cloud.ts'

type FaultsOptions = AwsOptions & { readonly pipeline?: string }
type ListOptions = FaultsOptions & { readonly stage?: string; readonly limit?: string; readonly json?: true }
type ShowOptions = FaultsOptions & { readonly json?: true }
type ResubmitOptions = FaultsOptions & { readonly all?: true; readonly stage?: string }

/** `millrace faults`: the dead letters of a pipeline, to look at and to put back. */
export const addFaults: AddCommand = (program, terminal) => {
  const faults = program.command('faults').description('list and show dead letters, and put them back on their streams')
  const of = (command: Command): Command =>
    addAwsOptions(
      command
        .argument('<pipeline>', 'the pipeline, by its module or its name')
        .option('--data <folder>', 'the data folder (default: .millrace/PIPELINE)', once('--data'))
        .option('--pipeline <name>', 'which pipeline, where the module exports several', once('--pipeline')),
    )
  const stage = ['--stage <stage>', 'only those of this stage', once('--stage')] as const
  of(faults.command('list'))
    .description('all dead letters, by stage, shard and position')
    .option(...stage)
    .option('--limit <number>', 'at most so many (default: 100, with --json all)', once('--limit'))
    .option('--json', 'print one JSON document, without payloads and stacks')
    .action((pipeline: string, options: ListOptions) => list(pipeline, options, terminal))
  of(faults.command('show'))
    .argument('<id>', 'the dead letter')
    .description('one dead letter, with its payload and its stack')
    .option('--json', 'print one JSON document')
    .action((pipeline: string, id: string, options: ShowOptions) => show(pipeline, id, options, terminal))
  of(faults.command('resubmit'))
    .argument('[ids...]', 'the dead letters')
    .description('put payloads back on their source streams, and forget the letters')
    .option('--all', 'all that can be put back')
    .option(...stage)
    .addHelpText('after', onResubmitting)
    .action((pipeline: string, ids: readonly string[], options: ResubmitOptions) =>
      resubmit(pipeline, ids, options, terminal),
    )
}

const onResubmitting = `
A record goes to the end of its stream, under its partition key, with its old event time: it may be late by now. In a data folder it is
put back once. On AWS it is put before its letter is removed: when the command is cut short in between, nothing is lost, but
the letter is still there, and putting it back again makes it count twice.`

async function list(text: string, options: ListOptions, terminal: Terminal): Promise<void> {
  const { stage, limit, json } = options
  const most = limit === undefined ? (json ? Number.POSITIVE_INFINITY : 100) : numberIn('--limit', limit, 1, 1_000_000)
  const all = await onPipeline(text, options, async (client, name) => ofStage(await client.letters(name), stage))
  const letters = all.slice(0, most)
  if (json) {
    const faults = letters.map(({ payload, stack, ...rest }) => ({ short: shortId(rest.id), ...rest }))
    return terminal.out(`${JSON.stringify({ faults, total: all.length }, undefined, 2)}\n`)
  }
  if (letters.length === 0) return terminal.out('(no dead letters)\n')
  const titles = ['id', 'stage', 'place', 'operator', 'version', 'reason']
  const rows = letters.map(letter => [
    shortId(letter.id),
    letter.stage,
    letter.place,
    letter.operator ?? '-',
    letter.pipelineVersion,
    printable(letter.reason),
  ])
  terminal.out(
    alignedColumns(
      titles.map(title => ({ title })),
      rows,
    ),
  )
  if (letters.length < all.length) terminal.out(`${wholeNumber(all.length - letters.length)} more: --limit\n`)
}

async function show(text: string, id: string, options: ShowOptions, terminal: Terminal): Promise<void> {
  const letter = await onPipeline(text, options, async (client, name) => letterNamed(id, await client.letters(name)))
  const { payload, stack, ...rest } = letter
  const readable = utf8Of(payload)
  const refusal = whyNotResubmitted(letter)
  if (options.json) {
    const shown =
      readable === undefined ? { payloadBase64: asBuffer(payload).toString('base64') } : { payload: readable }
    const document = { short: shortId(letter.id), ...rest, stack, ...shown, canResubmit: refusal === undefined }
    return terminal.out(`${JSON.stringify(document, undefined, 2)}\n`)
  }
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['id', `${shortId(letter.id)} (${letter.id})`],
    ['stage', letter.stage],
    ['operator', letter.operator],
    ['place', letter.place],
    ['partition key', printable(letter.partitionKey)],
    ['version', letter.pipelineVersion],
    ['reason', printable(letter.reason)],
    ['resubmit', refusal === undefined ? 'yes' : `no: ${refusal}`],
  ]
  const lines = fields.flatMap(([title, value]) => (value === undefined ? [] : [`${title.padEnd(15)}${value}\n`]))
  const kept = payload.length < letter.payloadBytes ? `, ${counted(payload.length, 'byte')} kept` : ''
  lines.push(`\npayload, ${counted(letter.payloadBytes, 'byte')}${kept}\n`)
  lines.push(readable === undefined ? hexText(payload) : `${readable}\n`)
  if (stack !== undefined) lines.push(`\nstack\n${stack}\n`)
  terminal.out(lines.join(''))
}

async function resubmit(
  text: string,
  ids: readonly string[],
  options: ResubmitOptions,
  terminal: Terminal,
): Promise<void> {
  const { all, stage } = options
  if (ids.length > 0 === (all === true)) {
    throw new UsageError('Cannot resubmit: expected the ids of dead letters, or --all')
  }
  if (stage !== undefined && !all) throw new UsageError('Cannot use --stage: it goes with --all')
  const stay = await onPipeline(text, options, async (client, name) => {
    const letters = ofStage(await client.letters(name), stage)
    const chosen = all ? letters : [...new Set(ids)].map(id => letterNamed(id, letters))
    const fit = chosen.filter(letter => whyNotResubmitted(letter) === undefined)
    await checkStreams(client, fit)
    let put = 0
    // With room for partition keys.
    for (const portion of callsWithin(
      fit,
      limits.putRecordsCount,
      limits.putRecordsBytes / 2,
      letter => letter.payload.length,
    )) {
      await client.resubmit(name, portion)
      put += portion.length
    }
    terminal.out(`Put ${counted(put, 'record')} back\n`)
    return chosen.filter(letter => !fit.includes(letter))
  })
  const [first] = stay
  if (first === undefined) return
  const which = `${counted(stay.length, 'dead letter')}`
  throw new Error(`Cannot resubmit ${which}: ${shortId(first.id)} stays, as ${whyNotResubmitted(first)}`)
}

async function onPipeline<T>(
  text: string,
  options: FaultsOptions,
  work: (client: CloudClient, name: string) => Promise<T>,
): Promise<T> {
  const { name } = await namedPipeline(text, options.pipeline)
  return await withCloud(options, client => work(client, name), { pipeline: name })
}

const ofStage = (letters: readonly DeadLetter[], stage: string | undefined): readonly DeadLetter[] =>
  stage === undefined ? letters : letters.filter(letter => letter.stage === stage)

async function checkStreams(client: CloudClient, letters: readonly DeadLetter[]): Promise<void> {
  for (const stream of new Set(letters.map(letter => letter.stream))) {
    // Throws where there is none, or where it may not be read.
    await client.shards(stream)
  }
}

/** Ids hold a sequence number, and are long: the first 10 digits of their SHA-256 tell them apart as well. */
const shortId = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 10)

function letterNamed(id: string, letters: readonly DeadLetter[]): DeadLetter {
  const found = letters.filter(letter => letter.id === id || (id.length >= 4 && shortId(letter.id).startsWith(id)))
  const [letter] = found
  if (found.length === 1) return letter
  throw new UsageError(
    `Cannot find dead letter "${id}": ${found.length === 0 ? 'there is none' : 'there are several'}, expected an id of millrace faults list`,
  )
}

/** Sixteen bytes a line, with the place of the first and what is readable of them. */
function hexText(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)]
    const digits = part.map(byte => byte.toString(16).padStart(2, '0')).join(' ')
    const text = part.map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${digits.padEnd(47)}  ${text}\n`)
  }
  return lines.join('')
}
