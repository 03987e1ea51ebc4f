/** Stands in a bundle for runtime/repeats.ts where the program has no source with a feed. */
export async function repeatsIn(): Promise<undefined> {}
