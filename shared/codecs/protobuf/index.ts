export { type ProtobufOptions, protobuf } from './protobuf.ts'
export { type AnyMessage, protobufType } from './protobuf-type.ts'
export type { RegisteredProtobuf } from './registered-protobuf.ts'
