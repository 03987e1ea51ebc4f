import { createFileRegistry, type FileRegistry, fromBinary, type Message } from '@bufbuild/protobuf'
import type { GenMessage } from '@bufbuild/protobuf/codegenv2'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { ConfigurationError, describeThrown } from '../../model/errors.ts'
import { found, oneLine } from '../found.ts'

/** A message whose fields are known when the program runs only. */
export type AnyMessage = Message & Record<string, unknown>

/**
 * A message type without generated code, for `protobuf`: by its full name, from the descriptor set that `protoc --include_imports
 * --descriptor_set_out=FILE` or `buf build -o FILE` wrote. Its fields have no types unless you say them. Throws a ConfigurationError.
 *
 * `protobuf(protobufType(readFileSync('orders.binpb'), 'acme.Order'))` is its codec.
 */
export function protobufType<Shape extends Message = AnyMessage>(
  descriptorSet: Uint8Array,
  name: Shape['$typeName'],
): GenMessage<Shape> {
  const registry = registryOf(descriptorSet)
  const desc = registry.getMessage(name)
  if (desc !== undefined) {
    // The one cast: the user says what the descriptor tells only at run time.
    return desc as unknown as GenMessage<Shape>
  }
  const names = [...registry].flatMap(type => (type.kind === 'message' ? [type.typeName] : []))
  throw new ConfigurationError(
    `Cannot find message ${found(name)}: the descriptor set has ${oneLine(names.join(', ')) || 'none'}, one of these would be right`,
  )
}

function registryOf(descriptorSet: Uint8Array): FileRegistry {
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet))
  } catch (error) {
    throw new ConfigurationError(
      `Cannot read a descriptor set: ${oneLine(describeThrown(error))}, what protoc --include_imports --descriptor_set_out writes would be right`,
      { cause: error },
    )
  }
}
