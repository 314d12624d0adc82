/** A record of YCSB: ten fields of 100 bytes; and what is counted. */
export const newRecord = () => ({
  count: 0,
  ...Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`field${i}`, `${i}`.repeat(100)])),
});
