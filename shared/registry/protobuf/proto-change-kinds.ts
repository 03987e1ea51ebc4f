/** A change and its place, as `/Message/3`: fields go by their numbers. */
export type ProtoChange = { readonly kind: string; readonly place: string }

/** Kinds of change after which a reader with the newer file still reads all; by the names of Confluent's registry. */
const harmless = new Set([
  'MESSAGE_ADDED',
  'MESSAGE_MOVED',
  'ENUM_ADDED',
  'ENUM_REMOVED',
  'ENUM_CONST_ADDED',
  'ENUM_CONST_CHANGED',
  'ENUM_CONST_REMOVED',
  'FIELD_ADDED',
  'FIELD_REMOVED',
  'FIELD_NAME_CHANGED',
  'FIELD_STRING_OR_BYTES_LABEL_CHANGED',
  'ONEOF_ADDED',
  'ONEOF_REMOVED',
  'ONEOF_FIELD_ADDED',
  'ONEOF_FIELD_MOVED_TO_TOP_LEVEL',
])

export const isHarmless = ({ kind }: ProtoChange): boolean => harmless.has(kind)
