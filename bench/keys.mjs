/** In a module of their own, since each contestant has a copy of the workloads. */
export const keys = Array.from({ length: 100_000 }, (_, index) => `key-${index}`);
