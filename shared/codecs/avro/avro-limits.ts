/** Records inside records, in one value: more would take a stack that a function does not have. */
export const deepestRecords = 400

/**
 * Items of no bytes, in one value: an array may say in six bytes that it has 2^40 nulls. More than anybody means, few enough to be made in a
 * millisecond.
 */
export const mostEmptyItems = 65_536
