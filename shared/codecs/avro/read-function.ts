import type { AvroInput } from './avro-input.ts'
import { Fault, within } from './fault.ts'
import { leastBytes } from './least-bytes.ts'
import type { EnumPlan, Plan, RecordPlan } from './plan.ts'
import type { RecordNode, SchemaNode } from './schema-node.ts'

export type Read = (input: AvroInput) => unknown

/** What has been made, or is being made and held by a record inside itself. */
type Made = { readonly reads: Map<RecordPlan, Read>; readonly skips: Map<RecordNode, Read> }

/** The function that reads by a plan. Made once, for many values. */
export function readFunction(plan: Plan): Read {
  return reader(plan, { reads: new Map(), skips: new Map() })
}

function reader(plan: Plan, made: Made): Read {
  switch (plan.kind) {
    case 'null':
      return () => null
    case 'boolean':
      return input => input.boolean()
    case 'int':
      return input => input.int()
    case 'long':
      if (plan.as === 'number') return input => input.long()
      return plan.as === 'bigint' ? input => input.longBigint() : input => input.longEither()
    case 'float':
      return input => input.float()
    case 'double':
      return input => input.double()
    case 'bytes':
      return input => input.blob()
    case 'string':
      return input => input.text()
    case 'fixed': {
      const { size } = plan
      return input => input.fixed(size)
    }
    case 'enum':
      return enumReader(plan)
    case 'array':
      return arrayReader(reader(plan.items, made), plan.isEmpty)
    case 'map':
      return mapReader(reader(plan.items, made))
    case 'union':
      return unionReader(plan.branches.map(branch => reader(branch, made)))
    case 'record':
      return recordReader(plan, made)
    case 'convert': {
      const { by } = plan
      const from = reader(plan.from, made)
      return input => by(from(input))
    }
    case 'wrap': {
      const { name } = plan
      const inner = reader(plan.inner, made)
      return input => ({ [name]: inner(input) })
    }
    case 'impossible':
      return () => {
        throw new Fault(plan.what, plan.expected)
      }
  }
}

function enumReader({ name, symbols, written, known }: EnumPlan): Read {
  return input => {
    const index = input.index(symbols.length, name)
    const symbol = symbols[index]
    if (symbol !== undefined) return symbol
    throw new Fault(`the symbol "${written[index]}"`, `one of ${known.join(', ')}, or a default in the reader's enum`)
  }
}

function arrayReader(item: Read, isEmpty: boolean): Read {
  return input => {
    const items: unknown[] = []
    for (let count = input.blockCount(isEmpty); count > 0; count = input.blockCount(isEmpty)) {
      const end = input.blockEnd
      try {
        for (; count > 0; count--) items.push(item(input))
      } catch (error) {
        throw within(error, items.length)
      }
      input.endBlock(end)
    }
    return items
  }
}

function mapReader(value: Read): Read {
  return input => {
    const map: Record<string, unknown> = {}
    for (let count = input.blockCount(false); count > 0; count = input.blockCount(false)) {
      const end = input.blockEnd
      for (; count > 0; count--) {
        const key = input.text()
        try {
          put(map, key, value(input))
        } catch (error) {
          throw within(error, [key])
        }
      }
      input.endBlock(end)
    }
    return map
  }
}

function put(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') map[key] = value
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
}

function unionReader(branches: readonly Read[]): Read {
  if (branches.length === 2) {
    const [first, second] = branches
    return input => (input.index(2, 'a union') === 0 ? first(input) : second(input))
  }
  return input => branches[input.index(branches.length, 'a union')](input)
}

/**
 * Code made for a record: each field is read from a place of its own, where the engine can inline it, and each record is the same object
 * literal, so that all have one hidden class.
 */
function recordReader(plan: RecordPlan, made: Made): Read {
  const before = made.reads.get(plan)
  if (before !== undefined) return before
  let read: Read | undefined
  made.reads.set(plan, input => read!(input))
  const steps = plan.steps.map(step => (step.kind === 'read' ? reader(step.plan, made) : skipper(step.node, made)))
  const defaults = [...plan.defaults.values()]
  const values = new Map([...plan.defaults.keys()].map((name, i) => [name, `default${i}()`]))
  const lines = plan.steps.map((step, i) => {
    const at = i === 0 ? '' : `step = ${i}; `
    if (step.kind === 'skip') return `${at}read${i}(input)`
    values.set(step.field, `value${i}`)
    return `${at}const value${i} = ${inlined(step.plan) ?? `read${i}(input)`}`
  })
  const body = `return input => {
    let step = 0
    input.enter()
    try {
      ${lines.join('\n      ')}
      step = ${lines.length}
      const record = { ${plan.fields.map(name => `${JSON.stringify(name)}: ${values.get(name)}`).join(', ')} }
      input.leave()
      return record
    } catch (error) {
      throw failed(error, step)
    }
  }`
  const failed = (error: unknown, step: number): unknown =>
    step < plan.steps.length ? within(error, plan.steps[step].name) : error
  const parameters = ['failed', ...steps.map((_, i) => `read${i}`), ...defaults.map((_, i) => `default${i}`)]
  // Only names get into the code, as JSON strings.
  read = new Function(...parameters, body)(failed, ...steps, ...defaults) as Read
  made.reads.set(plan, read)
  return read
}

const methods: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'input.boolean()',
  int: 'input.int()',
  float: 'input.float()',
  double: 'input.double()',
  bytes: 'input.blob()',
  string: 'input.text()',
}

function inlined(plan: Plan): string | undefined {
  if (plan.kind === 'long')
    return { number: 'input.long()', bigint: 'input.longBigint()', either: 'input.longEither()' }[plan.as]
  return methods[plan.kind]
}

/** Reads past a value that the reader does not have. */
function skipper(node: SchemaNode, made: Made): Read {
  switch (node.kind) {
    case 'null':
      return () => {}
    case 'boolean':
      return input => input.boolean()
    case 'int':
      return input => input.int()
    case 'long':
      return input => input.longEither()
    case 'float':
      return input => input.skipFixed(4)
    case 'double':
      return input => input.skipFixed(8)
    case 'bytes':
    case 'string':
      return input => input.skipText()
    case 'fixed':
      return input => input.skipFixed(node.size)
    case 'enum':
      return input => input.index(node.symbols.length, node.name)
    case 'array':
      return blockSkipper(skipper(node.items, made), leastBytes(node.items) === 0)
    case 'map': {
      const value = skipper(node.values, made)
      return blockSkipper(input => {
        input.skipText()
        value(input)
      }, false)
    }
    case 'union':
      return unionReader(node.branches.map(branch => skipper(branch, made)))
    case 'record':
      return recordSkipper(node, made)
  }
}

function blockSkipper(item: Read, isEmpty: boolean): Read {
  return input => {
    for (let count = input.blockCount(isEmpty); count > 0; count = input.blockCount(isEmpty)) {
      const end = input.blockEnd
      if (end >= 0) input.at = end
      else for (; count > 0; count--) item(input)
    }
  }
}

function recordSkipper(node: RecordNode, made: Made): Read {
  const before = made.skips.get(node)
  if (before !== undefined) return before
  const steps: Read[] = []
  const skip: Read = input => {
    input.enter()
    for (const step of steps) step(input)
    input.leave()
  }
  made.skips.set(node, skip)
  steps.push(...node.fields.map(({ type }) => skipper(type, made)))
  return skip
}
