/** A message that a .proto file defines, with those inside it, all in the order of the text. */
export type ProtoMessage = {
  readonly name: string
  /** Made by the compiler for a map field: a message of its descriptor, and none of the text. */
  readonly isMapEntry: boolean
  readonly messages: readonly ProtoMessage[]
}

export type ProtoFile = { readonly package: string; readonly messages: readonly ProtoMessage[] }

/**
 * The messages of a .proto file, and nothing else of it. The text comes from a registry that has read it before, so that it is not checked.
 * Undefined where it can be no .proto file.
 */
export function protoFileOf(text: string): ProtoFile | undefined {
  const top: Block = { messages: [], isMessage: true }
  const blocks: Block[] = [top]
  const tokens = [...text.matchAll(token)].map(([found]) => found).filter(found => !/^\/[/*]/.test(found))
  let packageName = ''
  let isStart = true
  for (let at = 0; at < tokens.length; at++) {
    const word = tokens[at]
    const inner = blocks[blocks.length - 1]
    // The next brace belongs to a message, or to something in which none is defined.
    if (isStart && word === 'package' && blocks.length === 1) packageName = tokens[at + 1] ?? ''
    const isMessage = isStart && inner.isMessage && word === 'message' && tokens[at + 2] === '{'
    const isGroup = word === 'group' && tokens[at + 2] === '=' && isInMessage(blocks)
    if (isMessage || isGroup) {
      const message = { name: tokens[at + 1], isMapEntry: false, messages: [] }
      messagesOf(blocks).push(message)
      while (at < tokens.length && tokens[at] !== '{') at++
      blocks.push({ messages: message.messages, isMessage: true })
      isStart = true
      continue
    }
    if (isStart && word === 'map' && tokens[at + 1] === '<' && isInMessage(blocks)) {
      messagesOf(blocks).push({ name: entryName(tokens[at + 6] ?? ''), isMapEntry: true, messages: [] })
    }
    if (word === '{') blocks.push({ messages: inner.messages, isMessage: false })
    if (word === '}' && blocks.length > 1) blocks.pop()
    isStart = word === '{' || word === '}' || word === ';'
  }
  return top.messages.length === 0 || blocks.length > 1 ? undefined : { package: packageName, messages: top.messages }
}

/** The full name of the message at a path of indexes, as Confluent's wire format has it: entries of maps do not count. */
export function nameAt({ package: packageName, messages }: ProtoFile, indexes: readonly number[]): string | undefined {
  const names = packageName === '' ? [] : [packageName]
  let inside = messages
  for (const index of indexes) {
    const message = inside.filter(({ isMapEntry }) => !isMapEntry)[index]
    if (message === undefined) return undefined
    names.push(message.name)
    inside = message.messages
  }
  return names.join('.')
}

/** The path to the message of a full name: what `nameAt` names. */
export function indexesOf(file: ProtoFile, name: string): readonly number[] | undefined {
  const search = (messages: readonly ProtoMessage[], prefix: string): readonly number[] | undefined => {
    for (const [index, message] of messages.filter(({ isMapEntry }) => !isMapEntry).entries()) {
      const own = prefix === '' ? message.name : `${prefix}.${message.name}`
      if (own === name) return [index]
      const rest = name.startsWith(`${own}.`) ? search(message.messages, own) : undefined
      if (rest !== undefined) return [index, ...rest]
    }
    return undefined
  }
  return search(file.messages, file.package)
}

/** The full names of all messages, entries of maps too, as AWS Glue's serializers number them: in the order of their characters. */
export function sortedNames(file: ProtoFile): readonly string[] {
  const all = (messages: readonly ProtoMessage[], prefix: string): string[] =>
    messages.flatMap(message => {
      const own = prefix === '' ? message.name : `${prefix}.${message.name}`
      return [own, ...all(message.messages, own)]
    })
  return all(file.messages, file.package).sort((a, b) => (a < b ? -1 : 1))
}

type Block = { readonly messages: ProtoMessage[]; readonly isMessage: boolean }

/** Comments, texts in quotes, names with points, single characters. */
const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\w.]+|[^\s]/g

const messagesOf = (blocks: readonly Block[]): ProtoMessage[] => blocks[blocks.length - 1].messages

const isInMessage = (blocks: readonly Block[]): boolean => blocks.length > 1

/** As the compiler makes it of a field's name: `unit_prices` becomes `UnitPricesEntry`. */
const entryName = (field: string): string =>
  `${field.replace(/(?:^|_)([a-z0-9A-Z]?)/g, (_, letter: string) => letter.toUpperCase())}Entry`
