export const names: string[];
export function exhaust(
  startProcessor: typeof import('groupcommit').startProcessor,
  name: string,
  shifts: number[],
): Promise<string[]>;
