/** Stands in a bundle for prepare-codecs.ts where no codec of the program has anything to learn. */
export async function prepareCodecs(): Promise<void> {}
