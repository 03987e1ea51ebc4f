import { pipeline, utf8 } from 'millrace'

export { samples } from './samples.ts'

/** Words of any text, lower case, with how often each was seen so far. */
export const wordCount = pipeline('word-count', ({ source }) => {
  const lines = source('lines', { codec: utf8 })
  const words = lines.flatMap(line => line.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [])
  const counts = words.keyBy('word', word => word).count('words-so-far')
  return { counts }
})
