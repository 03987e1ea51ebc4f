/** A call of one of DynamoDB's operations: gives the item that it answers with, if any. */
export type Operate = (operation: string, input: object) => Promise<Item | undefined>

type Item = Readonly<Record<string, unknown>>

/** What the service answers. */
export type TransactionAnswer = { readonly status: number; readonly body: object }

type Condition = {
  readonly ConditionExpression?: string
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>
}
type Part = {
  readonly Put?: Condition & { readonly TableName: string; readonly Item: Readonly<Record<string, unknown>> }
  readonly ConditionCheck?: Condition & { readonly TableName: string; readonly Key: Readonly<Record<string, unknown>> }
}

export type TransactionInput = { readonly TransactItems: readonly Part[]; readonly ClientRequestToken?: string }

/**
 * DynamoDB's TransactWriteItems for an emulator that has none, as far as the schema registry uses it: puts and checks, on condition that an
 * item is not there or has a version. Transactions run one after the other, so that none sees a part of another. A repeated token is
 * answered and has no further effect.
 */
export class EmulatedTransactions {
  #last: Promise<unknown> = Promise.resolve()
  readonly #done = new Set<string>()

  async write(
    { TransactItems: parts, ClientRequestToken: token }: TransactionInput,
    operate: Operate,
  ): Promise<TransactionAnswer> {
    if (token !== undefined && this.#done.has(token)) return { status: 200, body: {} }
    const result = this.#last.then(() => this.#alone(parts, operate))
    this.#last = result.catch(() => undefined)
    const answer = await result
    if (answer.status === 200 && token !== undefined) this.#done.add(token)
    return answer
  }

  async #alone(parts: readonly Part[], operate: Operate): Promise<TransactionAnswer> {
    const held = await Promise.all(parts.map(part => this.#holds(part, operate)))
    if (held.includes(false)) return canceled(held.map(each => (each ? 'None' : 'ConditionalCheckFailed')))
    for (const { Put } of parts) {
      if (Put !== undefined) await operate('PutItem', { TableName: Put.TableName, Item: Put.Item })
    }
    return { status: 200, body: {} }
  }

  async #holds({ Put, ConditionCheck }: Part, operate: Operate): Promise<boolean> {
    const part = Put ?? ConditionCheck
    if (part === undefined) throw new Error('Cannot emulate the transaction: it has other parts than puts and checks')
    const { pk, sk } = Put?.Item ?? ConditionCheck?.Key ?? {}
    const item = await operate('GetItem', { TableName: part.TableName, Key: { pk, sk }, ConsistentRead: true })
    if (part.ConditionExpression === 'attribute_not_exists(pk)') return item === undefined
    if (part.ConditionExpression !== '#version = :expected') {
      throw new Error(`Cannot emulate the transaction: it has the condition ${part.ConditionExpression}`)
    }
    return JSON.stringify(item?.version) === JSON.stringify(part.ExpressionAttributeValues?.[':expected'])
  }
}

const canceled = (codes: readonly string[]): TransactionAnswer => ({
  status: 400,
  body: {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`,
    CancellationReasons: codes.map(Code => ({ Code })),
  },
})
