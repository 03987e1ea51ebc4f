/** A line that cannot become a record. The message says where in it, what was found and what was expected, and is a part of a sentence. */
export class MalformedLineError extends Error {
  override readonly name = 'MalformedLineError'
}
