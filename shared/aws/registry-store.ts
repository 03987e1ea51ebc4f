import { Buffer } from 'node:buffer'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import {
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type {
  RegistryDocument,
  RegistryKey,
  RegistryPart,
  RegistryStore,
  RegistryWrite,
} from '../ports/registry-store.ts'
import { type AwsHost, callService, nameOf, pause } from './calls.ts'
import type { AwsClients } from './clients.ts'
import { binary, binaryOf, type Item, number, numberOf, text, textOf } from './items.ts'
import { partitionPrefix } from './table-keys.ts'

export type DynamoRegistrySettings = {
  readonly table: string
  /** Keeps registries of one table apart. @default 'default' */
  readonly registry?: string
}

/** Longer texts are kept compressed: schemas shrink to a tenth. */
const longestPlainText = 4_096

/** DynamoDB: 400 KB an item with its names. */
const largestValueBytes = 390_000

/** Who meets others in a transaction waits for up to this long before it is tried again. */
const pauseMs = 50

/** A registry's documents in DynamoDB: an item each, changed by transactions. */
export class DynamoRegistryStore implements RegistryStore {
  readonly #clients: Pick<AwsClients, 'dynamo'>
  readonly #table: string
  readonly #prefix: string
  readonly #host: AwsHost

  constructor(
    { table, registry = 'default' }: DynamoRegistrySettings,
    clients: Pick<AwsClients, 'dynamo'>,
    host: AwsHost,
  ) {
    this.#clients = clients
    this.#table = table
    this.#prefix = partitionPrefix.registry(registry)
    this.#host = host
  }

  async get(key: RegistryKey): Promise<RegistryDocument | undefined> {
    const command = new GetItemCommand({ TableName: this.#table, Key: this.#keyOf(key), ConsistentRead: true })
    const { Item } = await this.#call('read the schema registry', options =>
      this.#clients.dynamo.send(command, options),
    )
    return Item === undefined ? undefined : documentOf(Item)
  }

  async list(part: RegistryPart, prefix = ''): Promise<readonly RegistryDocument[]> {
    const documents: RegistryDocument[] = []
    let next: Item | undefined
    do {
      const input: QueryCommandInput = {
        TableName: this.#table,
        ConsistentRead: true,
        KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: {
          ':pk': text(`${this.#prefix}${part}`),
          ...(prefix !== '' && { ':prefix': text(prefix) }),
        },
        ...(next && { ExclusiveStartKey: next }),
      }
      const { Items = [], LastEvaluatedKey } = await this.#call('list the schema registry', options =>
        this.#clients.dynamo.send(new QueryCommand(input), options),
      )
      for (const item of Items) documents.push(documentOf(item))
      next = LastEvaluatedKey
    } while (next !== undefined)
    return documents
  }

  async commit(writes: readonly RegistryWrite[]): Promise<'committed' | 'conflict'> {
    const doing = 'write to the schema registry'
    // One command for all tries of the SDK: its token makes a try after a lost answer the same transaction.
    const command = new TransactWriteItemsCommand({ TransactItems: writes.map(write => this.#transactItem(write)) })
    try {
      await this.#call(doing, options => this.#clients.dynamo.send(command, options), isCanceled)
      return 'committed'
    } catch (error) {
      if (!isCanceled(error)) throw error
      const codes = new Set((error.CancellationReasons ?? []).map(({ Code }) => Code))
      for (const expected of ['None', 'ConditionalCheckFailed', 'TransactionConflict', undefined])
        codes.delete(expected)
      if (codes.size > 0)
        throw new Error(`Cannot ${doing}: table "${this.#table}" answered with ${[...codes].join(', ')}`, {
          cause: error,
        })
      await pause(this.#host, pauseMs)
      return 'conflict'
    }
  }

  async increment(counter: string): Promise<number> {
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: this.#counterKey(counter),
      UpdateExpression: 'ADD #value :one',
      ExpressionAttributeNames: { '#value': 'value' },
      ExpressionAttributeValues: { ':one': number(1) },
      ReturnValues: 'UPDATED_NEW',
    })
    const { Attributes = {} } = await this.#call(`count up "${counter}"`, options =>
      this.#clients.dynamo.send(command, options),
    )
    return numberOf(Attributes, 'value')
  }

  async raise(counter: string, least: number): Promise<void> {
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: this.#counterKey(counter),
      UpdateExpression: 'SET #value = :least',
      ConditionExpression: 'attribute_not_exists(#value) OR #value < :least',
      ExpressionAttributeNames: { '#value': 'value' },
      ExpressionAttributeValues: { ':least': number(least) },
    })
    const isHigher = (error: unknown) => nameOf(error) === 'ConditionalCheckFailedException'
    await this.#call(`raise "${counter}"`, options => this.#clients.dynamo.send(command, options), isHigher).catch(
      error => {
        if (!isHigher(error)) throw error
      },
    )
  }

  #transactItem({ key, expected, text: value }: RegistryWrite): TransactWriteItem {
    const condition = {
      TableName: this.#table,
      ...(expected === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: '#version = :expected',
            ExpressionAttributeNames: { '#version': 'version' },
            ExpressionAttributeValues: { ':expected': number(expected) },
          }),
    }
    if (value === undefined) return { ConditionCheck: { Key: this.#keyOf(key), ...condition } }
    return {
      Put: { Item: { ...this.#keyOf(key), version: number(expected + 1), ...packedOf(key, value) }, ...condition },
    }
  }

  #keyOf({ part, name }: RegistryKey) {
    return { pk: text(`${this.#prefix}${part}`), sk: text(name) }
  }

  #counterKey(counter: string) {
    return { pk: text(`${this.#prefix}counters`), sk: text(counter) }
  }

  #call<T>(
    doing: string,
    send: Parameters<typeof callService<T>>[3],
    isExpected?: (error: unknown) => boolean,
  ): Promise<T> {
    return callService(this.#host, doing, `table "${this.#table}"`, send, isExpected)
  }
}

function packedOf({ part, name }: RegistryKey, value: string): Item {
  if (value.length <= longestPlainText) return { text: text(value) }
  const packed = deflateRawSync(Buffer.from(value))
  if (packed.length <= largestValueBytes) return { packed: binary(packed) }
  throw new RangeError(
    `Cannot store document "${name}" of the registry's ${part}: it has ${packed.length} bytes compressed, an item of DynamoDB holds ${largestValueBytes}`,
  )
}

const documentOf = (item: Item): RegistryDocument => ({
  name: textOf(item, 'sk'),
  text: item.packed === undefined ? textOf(item, 'text') : inflateRawSync(binaryOf(item, 'packed')).toString(),
  version: numberOf(item, 'version'),
})

const isCanceled = (error: unknown): error is TransactionCanceledException =>
  nameOf(error) === 'TransactionCanceledException'
