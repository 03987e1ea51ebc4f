import type { Command } from 'commander'
import { type AwsOptions, addAwsReach } from './aws-options.ts'
import type { AddCommand } from './command-line.ts'
import { once } from './once.ts'
import { type CreateOptions, create, type DeleteOptions, deleteStream } from './streams-change.ts'
import { describe, list, type PrintOptions } from './streams-print.ts'
import { merge, type SplitOptions, split } from './streams-reshard.ts'

/** `millrace streams`: streams, and their shards. */
export const addStreams: AddCommand = (program, terminal) => {
  const streams = program
    .command('streams')
    .description('list, describe, create, delete, split and merge streams')
    .helpOption('--help', 'print what a command does and takes')
  const place = (command: Command): Command =>
    addAwsReach(
      command
        .option('--data <folder>', 'the data folder (default: the only one in .millrace)', once('--data'))
        .option('--json', 'print one JSON document (default: a table or a sentence)'),
    )
  place(streams.command('list'))
    .description('all streams, with what they hold')
    .action((options: PrintOptions) => list(options, terminal))
  place(streams.command('describe'))
    .description("a stream's shards, with how far each stage is behind")
    .argument('<stream>', 'the stream')
    .action((stream: string, options: PrintOptions) => describe(stream, options, terminal))
  place(streams.command('create'))
    .description('make a stream')
    .argument('<stream>', 'its name: 1 to 128 letters, digits, "_", "." or "-"')
    .option('--shards <count>', 'how many shards it begins with, 1 to 10000 (default: 1)', once('--shards'))
    .action((stream: string, options: CreateOptions) => create(stream, options, terminal))
  place(streams.command('delete'))
    .description('delete a stream with all of its records')
    .argument('<stream>', 'the stream')
    .option('--yes', 'delete it although a pipeline reads it, or may do so (default: refuse)')
    .addHelpText('after', onDeletion)
    .action((stream: string, options: DeleteOptions) => deleteStream(stream, options, terminal))
  place(streams.command('split'))
    .description('close a shard and open two in its place')
    .argument('<stream>', 'the stream')
    .argument('[shard]', 'an open shard, by its id or its number (default: the one with the most hash keys)')
    .option('--at <hash-key>', 'first hash key of the upper one, 0 to 2^128 - 1 (default: the middle)', once('--at'))
    .action((stream: string, shard: string | undefined, options: SplitOptions) =>
      split(stream, shard, options, terminal),
    )
  place(streams.command('merge'))
    .description('close two neighbouring shards and open one in their place')
    .argument('<stream>', 'the stream')
    .argument('[shard]', 'an open shard, by its id or its number (default: the two that have the fewest hash keys)')
    .argument('[other]', 'the one beside it')
    .action((stream: string, one: string | undefined, other: string | undefined, options: AwsOptions) =>
      merge(stream, one, other, options, terminal),
    )
}

const onDeletion = `
In a data folder, streams that no pipeline has read are deleted at once. On AWS only Lambda knows who reads a stream, so --yes is always
needed. A stream that a running millrace dev reads is never deleted: end that first.`
