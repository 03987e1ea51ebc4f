/** An Avro schema, its names resolved. Names are full. */
export type AvroSchema = AvroPrimitive | AvroRecord | AvroEnum | AvroFixed | AvroArray | AvroMap | AvroUnion

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
/** Attributes that Avro has no meaning for, such as a logical type's. */
export type AvroProps = Readonly<Record<string, Json>>

export type AvroPrimitive = { readonly kind: PrimitiveKind; readonly props: AvroProps }
export type AvroArray = { readonly kind: 'array'; readonly items: AvroSchema; readonly props: AvroProps }
export type AvroMap = { readonly kind: 'map'; readonly values: AvroSchema; readonly props: AvroProps }
export type AvroUnion = { readonly kind: 'union'; readonly branches: readonly AvroSchema[] }

type Named = {
  readonly name: string
  readonly aliases: readonly string[]
  readonly doc?: string
  readonly props: AvroProps
}
export type AvroRecord = Named & { readonly kind: 'record'; readonly isError: boolean; readonly fields: AvroField[] }
export type AvroEnum = Named & { readonly kind: 'enum'; readonly symbols: readonly string[]; readonly default?: string }
export type AvroFixed = Named & { readonly kind: 'fixed'; readonly size: number }
export type AvroNamed = AvroRecord | AvroEnum | AvroFixed

export type AvroField = {
  readonly name: string
  readonly schema: AvroSchema
  readonly aliases: readonly string[]
  readonly doc?: string
  readonly default?: Json
  readonly order?: 'ascending' | 'descending' | 'ignore'
  readonly props: AvroProps
}

const primitiveKinds = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
export type PrimitiveKind = (typeof primitiveKinds)[number]

export const isPrimitive = (schema: AvroSchema): schema is AvroPrimitive =>
  primitiveKinds.some(kind => kind === schema.kind)

export const simpleName = (fullName: string): string => fullName.slice(fullName.lastIndexOf('.') + 1)
export const namespaceOf = (fullName: string): string => fullName.slice(0, Math.max(0, fullName.lastIndexOf('.')))
