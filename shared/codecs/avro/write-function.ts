import type { AvroOutput } from './avro-output.ts'
import { Fault, within } from './fault.ts'
import { leastBytes } from './least-bytes.ts'
import { logicalWriter, shown } from './logical-values.ts'
import { describeNode, logicalOf, type RecordNode, type SchemaNode } from './schema-node.ts'
import { unionWriter } from './write-union.ts'

export type Write = (output: AvroOutput, value: unknown) => void

/** What has been made, or is being made and held by a record inside itself. */
export type Made = Map<RecordNode, Write>

/** The function that writes by a schema. Made once, for many values. */
export function writeFunction(node: SchemaNode): Write {
  return writer(node, new Map())
}

export function writer(node: SchemaNode, made: Made): Write {
  switch (node.kind) {
    case 'record':
      return recordWriter(node, made)
    case 'enum':
      return (output, value) => {
        const index = typeof value === 'string' ? node.symbols.indexOf(value) : -1
        if (index < 0) throw new Fault(shown(value), `one of ${node.symbols.join(', ')}`)
        output.int(index)
      }
    case 'array':
      return arrayWriter(writer(node.items, made), leastBytes(node.items) === 0)
    case 'map':
      return mapWriter(writer(node.values, made))
    case 'union':
      return unionWriter(
        node,
        node.branches.map(branch => writer(branch, made)),
      )
    default: {
      const write = plainWriter(node)
      const logical = logicalOf(node)
      if (logical === undefined) return write
      const plainOf = logicalWriter(logical, node)
      return (output, value) => write(output, plainOf(value))
    }
  }
}

function plainWriter(node: Exclude<SchemaNode, { kind: 'record' | 'enum' | 'array' | 'map' | 'union' }>): Write {
  switch (node.kind) {
    case 'null':
      return (_output, value) => {
        if (value !== null) throw new Fault(shown(value), 'null')
      }
    case 'boolean':
      return (output, value) => output.boolean(value)
    case 'int':
      return (output, value) => output.int(value)
    case 'long':
      return (output, value) => output.long(value)
    case 'float':
      return (output, value) => output.float(value)
    case 'double':
      return (output, value) => output.double(value)
    case 'bytes':
      return (output, value) => output.blob(value)
    case 'string':
      return (output, value) => output.text(value)
    case 'fixed': {
      const { size } = node
      return (output, value) => output.fixed(value, size)
    }
  }
}

/** One block, as most writers do. */
function arrayWriter(item: Write, isEmpty: boolean): Write {
  return (output, value) => {
    if (!Array.isArray(value)) throw new Fault(shown(value), 'an array')
    const { length } = value
    if (isEmpty) output.emptyItems(length)
    if (length > 0) output.long(length)
    let i = 0
    try {
      for (; i < length; i++) item(output, value[i])
    } catch (error) {
      throw within(error, i)
    }
    output.unsigned(0)
  }
}

function mapWriter(write: Write): Write {
  return (output, value) => {
    if (!isRecord(value)) throw new Fault(shown(value), 'an object as a map')
    const keys = Object.keys(value)
    if (keys.length > 0) output.long(keys.length)
    for (const key of keys) {
      try {
        output.text(key)
        write(output, value[key])
      } catch (error) {
        throw within(error, [key])
      }
    }
    output.unsigned(0)
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

/** Code made for a record, as in read-function.ts: each property is read from a place of its own. */
function recordWriter(node: RecordNode, made: Made): Write {
  const before = made.get(node)
  if (before !== undefined) return before
  let write: Write | undefined
  made.set(node, (output, value) => write!(output, value))
  const steps = node.fields.map(({ type }) => writer(type, made))
  const lines = node.fields.map(({ name, type }, i) => {
    const value = `record[${JSON.stringify(name)}]`
    const method = logicalOf(type) === undefined ? methods[type.kind] : undefined
    const step = i === 0 ? '' : `step = ${i}; `
    return `${step}${method === undefined ? `write${i}(output, ${value})` : `output.${method}(${value})`}`
  })
  const body = `return (output, record) => {
    if (typeof record !== 'object' || record === null) refuse(record)
    let step = 0
    output.enter()
    try {
      ${lines.join('\n      ')}
    } catch (error) {
      throw failed(error, step)
    }
    output.leave()
  }`
  const failed = (error: unknown, step: number): unknown => within(error, node.fields[step].name)
  const refuse = (value: unknown): never => {
    throw new Fault(shown(value), `an object as ${describeNode(node)}`)
  }
  const parameters = ['failed', 'refuse', ...steps.map((_, i) => `write${i}`)]
  // Only names get into the code, as JSON strings.
  write = new Function(...parameters, body)(failed, refuse, ...steps) as Write
  made.set(node, write)
  return write
}

const methods: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  int: 'int',
  long: 'long',
  float: 'float',
  double: 'double',
  bytes: 'blob',
  string: 'text',
}
