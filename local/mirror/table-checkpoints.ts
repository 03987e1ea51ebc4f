import { type AttributeValue, type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { callService } from '../../shared/aws/calls.ts'
import { tableKeys } from '../../shared/aws/index.ts'
import { type SequenceNumber, type ShardId, sequenceNumber, shardId } from '../../shared/model/ids.ts'
import { advanced, type Checkpoint, type Tally, tallyOf } from '../cloud/checkpoints.ts'
import type { MappedCheckpoints } from '../event-source/mapped-cloud.ts'
import { Wakeup } from '../event-source/wakeup.ts'
import { patiently, pause } from './patience.ts'

/** Checkpoints are written this often at most: what is handed over again after a crash changes nothing. */
const writeEveryMs = 1_000

type Place = { readonly mapping: string; readonly shard: ShardId }

/**
 * How far the stages have got, in memory and, a moment later, in the pipeline's table: whoever serves the pipeline next begins there. They
 * lag behind, never ahead, and results stay exact.
 */
export class TableCheckpoints implements MappedCheckpoints {
  readonly #dynamo: DynamoDBClient
  readonly #table: string
  readonly #byMapping: ReadonlyMap<string, Map<ShardId, Checkpoint>>
  readonly #unwritten = new Map<string, Place>()
  readonly #wakeup = new Wakeup()

  private constructor(dynamo: DynamoDBClient, table: string, byMapping: ReadonlyMap<string, Map<ShardId, Checkpoint>>) {
    this.#dynamo = dynamo
    this.#table = table
    this.#byMapping = byMapping
  }

  static async read(dynamo: DynamoDBClient, table: string, mappings: readonly string[]): Promise<TableCheckpoints> {
    const all = mappings.map(async mapping => [mapping, await readMapping(dynamo, table, mapping)] as const)
    return new TableCheckpoints(dynamo, table, new Map(await Promise.all(all)))
  }

  get(mapping: string, shard: ShardId): Checkpoint | undefined {
    return this.#of(mapping).get(shard)
  }

  all(mapping: string): ReadonlyMap<ShardId, Checkpoint> {
    return this.#of(mapping)
  }

  advance(mapping: string, shard: ShardId, through: SequenceNumber | undefined, tally: Tally = {}): void {
    const before = this.get(mapping, shard)
    this.#of(mapping).set(shard, advanced(before, `${mapping}/${shard}`, through, tally))
    this.#unwritten.set(`${mapping}/${shard}`, { mapping, shard })
  }

  /** The tallies of all shards of a mapping, added up. */
  tally(mapping: string): Tally {
    return tallyOf(this.#of(mapping).values())
  }

  /** Writes now and then until `signal` is aborted, and a last time then. Rejects when the table cannot be written. */
  async keepWriting(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', this.#wakeup.happen)
    while (!signal.aborted) {
      await this.#wakeup.sleep(writeEveryMs)
      await patiently(signal, () => this.#write())
    }
    await this.#write()
  }

  async #write(): Promise<void> {
    for (const [name, place] of [...this.#unwritten]) {
      this.#unwritten.delete(name)
      try {
        await this.#put(place)
      } catch (error) {
        this.#unwritten.set(name, place)
        throw error
      }
    }
  }

  async #put({ mapping, shard }: Place): Promise<void> {
    const { through = '', tally = {} } = this.get(mapping, shard) ?? {}
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: {
        [tableKeys.partition]: { S: partition(mapping) },
        [tableKeys.sort]: { S: shard },
        through: { S: through },
        tally: { S: JSON.stringify(tally) },
      },
    })
    await callService({ sleep: pause }, 'keep a checkpoint', `table "${this.#table}"`, options =>
      this.#dynamo.send(put, options),
    )
  }

  #of(mapping: string): Map<ShardId, Checkpoint> {
    const checkpoints = this.#byMapping.get(mapping)
    if (checkpoints === undefined) throw new Error(`Cannot use the checkpoints of "${mapping}": they were not read`)
    return checkpoints
  }
}

async function readMapping(dynamo: DynamoDBClient, table: string, mapping: string): Promise<Map<ShardId, Checkpoint>> {
  const found = new Map<ShardId, Checkpoint>()
  let start: Record<string, AttributeValue> | undefined
  do {
    const answer = await dynamo.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#partition = :partition',
        ExpressionAttributeNames: { '#partition': tableKeys.partition },
        ExpressionAttributeValues: { ':partition': { S: partition(mapping) } },
        ...(start !== undefined && { ExclusiveStartKey: start }),
      }),
    )
    for (const item of answer.Items ?? []) {
      const through = item.through?.S ?? ''
      const tally: Tally = JSON.parse(item.tally?.S ?? '{}')
      found.set(shardId(item[tableKeys.sort]?.S ?? ''), {
        through: through === '' ? undefined : sequenceNumber(through),
        tally,
      })
    }
    start = answer.LastEvaluatedKey
  } while (start !== undefined)
  return found
}

const partition = (mapping: string): string => `checkpoint/${mapping}`
