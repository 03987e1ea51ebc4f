/** A .proto file as far as it says how messages are written. */
export type ProtoFile = {
  readonly syntax: 'proto2' | 'proto3' | 'editions'
  readonly packageName: string
  readonly imports: readonly string[]
  readonly types: readonly ProtoType[]
}

export type ProtoType = ProtoMessage | ProtoEnum

export type ProtoMessage = {
  readonly kind: 'message'
  readonly name: string
  readonly fields: readonly ProtoField[]
  /** Names of its oneofs. Those that stand for an `optional` alone are none. */
  readonly oneofs: readonly string[]
  readonly types: readonly ProtoType[]
}

export type ProtoEnum = {
  readonly kind: 'enum'
  readonly name: string
  readonly constants: readonly { readonly name: string; readonly number: number }[]
}

export type ProtoField = {
  readonly name: string
  readonly number: number
  readonly label: 'optional' | 'required' | 'repeated'
  /** A scalar's name, or a message's or an enum's as it is written in the file. */
  readonly type: string
  /** Of a map: then `type` is that of its values. */
  readonly keyType?: string
  readonly oneof?: string
  /** Of proto3: whether it is known to be there or not. */
  readonly isOptional?: true
}
