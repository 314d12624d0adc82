/** The worker of this tab, or of all, from its first task on. */
export class Assistant {
  #kind;
  #life;
  #instance;
  #port;
  #waiting = new Map();
  #count = 0;
  #isEnded = false;

  /** @param {'dedicated' | 'shared'} kind @param {object} life what it is told about itself */
  constructor(kind, life) {
    this.#kind = kind;
    this.#life = life;
  }

  send(method, ...args) {
    if (this.#isEnded) return 0;
    if (!this.#port) this.#start();
    this.#port.postMessage({ number: ++this.#count, method, args });
    return this.#count;
  }

  ask(method, ...args) {
    const number = this.send(method, ...args);
    return number ? new Promise((resolve) => this.#waiting.set(number, resolve)) : false;
  }

  #start() {
    const url = `/page.js?${encodeURIComponent(JSON.stringify(this.#life))}`;
    const isShared = this.#kind === 'shared';
    this.#instance = isShared
      ? new SharedWorker(url, { type: 'module' })
      : new Worker(url, { type: 'module' });
    this.#port = isShared ? this.#instance.port : this.#instance;
    this.#port.onmessage = ({ data: { number, result } }) => {
      this.#waiting.get(number)?.(result);
      this.#waiting.delete(number);
    };
  }

  end() {
    if (this.#kind === 'shared') return;
    this.#isEnded = true;
    this.#instance?.terminate();
  }
}
