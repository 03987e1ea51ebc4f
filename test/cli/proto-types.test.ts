import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFileRegistry, type DescField, type DescFile, type DescMessage, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { typesOfProto } from '../../local/cli/proto-types.ts'
import type { WrittenSchema } from '../../shared/codecs/framing/schema-source.ts'
import { protocDescriptors, protoTexts } from './proto-vectors.ts'

/** All that JSON and bytes of a file's messages depend on, but the defaults of proto2: those are no part of them. */
const factsOf = (file: DescFile | undefined) => ({
  edition: file?.edition,
  messages: file?.messages.map(messageFacts),
  enums: file?.enums.map(enumFacts),
})

const messageFacts = (message: DescMessage): object => ({
  typeName: message.typeName,
  fields: message.fields.map(fieldFacts),
  oneofs: message.oneofs.map(({ name, fields }) => [name, fields.map(field => field.name)]),
  messages: message.nestedMessages.map(messageFacts),
  enums: message.nestedEnums.map(enumFacts),
})

const enumFacts = ({ typeName, open, values }: DescFile['enums'][number]): object => ({
  typeName,
  open,
  values: values.map(({ name, number }) => [name, number]),
})

const fieldFacts = (field: DescField): object => ({
  ...{ name: field.name, number: field.number, jsonName: field.jsonName, localName: field.localName },
  ...{ kind: field.fieldKind, scalar: field.scalar, presence: field.presence, isUtf8: field.utf8Validation },
  ...{ message: field.message?.typeName, enum: field.enum?.typeName, oneof: field.oneof?.name },
  ...(field.fieldKind === 'list' && { listKind: field.listKind, packed: field.packed }),
  ...(field.fieldKind === 'map' && { mapKind: field.mapKind, mapKey: field.mapKey }),
  ...('delimitedEncoding' in field && { delimited: field.delimitedEncoding }),
})

const written = (text: string, references: WrittenSchema['references'] = []): WrittenSchema => ({
  type: 'PROTOBUF',
  text,
  references,
})

test('the types of a .proto file are those that protoc makes of it', () => {
  const protoc = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(protocDescriptors, 'base64')))
  const common = { name: 'common.proto', schema: written(protoTexts['common.proto']) }
  for (const [name, text] of Object.entries(protoTexts)) {
    const { registry, messages } = typesOfProto(written(text, name === 'two.proto' ? [common] : []))
    const own = registry.getFile('schema.proto')
    assert.deepEqual(factsOf(own), factsOf(protoc.getFile(name)), name)
    assert.deepEqual(messages, own?.messages)
  }
})

test('the types of the test vectors are those that protoc makes of them', () => {
  const folder = join(import.meta.dirname, '../vectors/protobuf')
  const protoc = createFileRegistry(
    fromBinary(FileDescriptorSetSchema, readFileSync(join(folder, 'descriptors.binpb'))),
  )
  for (const name of ['orders.proto', 'legacy.proto']) {
    const { registry } = typesOfProto(written(readFileSync(join(folder, name), 'utf8')))
    assert.deepEqual(factsOf(registry.getFile('schema.proto')), factsOf(protoc.getFile(name)))
  }
})

test('imports that are nowhere are missed where their types are', () => {
  const text = 'syntax = "proto3"; import "gone.proto"; message M { int32 a = 1; }'
  assert.equal(typesOfProto(written(text)).messages.length, 1)
  assert.throws(() => typesOfProto(written(text.replace('int32', 'gone.Type'))), {
    message: 'field "a" of message "M" has type "gone.Type", which is nowhere',
  })
})

test("Google's own files may be among the references", () => {
  const text = 'syntax = "proto3"; import "google/protobuf/any.proto"; message M { google.protobuf.Any a = 1; }'
  const any = { name: 'google/protobuf/any.proto', schema: written('syntax = "proto3"; package google.protobuf;') }
  assert.equal(typesOfProto(written(text, [any])).messages[0].fields[0].message?.typeName, 'google.protobuf.Any')
})
