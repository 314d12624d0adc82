/** The numbers of worlds and steps are below this. */
export const range = 2 ** 30;

/** Takes choices out of a number. */
export class Choices {
  #rest: number;

  constructor(number: number) {
    this.#rest = number;
  }

  below(limit: number): number {
    const choice = this.#rest % limit;
    this.#rest = Math.floor(this.#rest / limit);
    return choice;
  }

  of<const T>(...choices: T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: 1 + this.below(4) }, item);
  }
}
