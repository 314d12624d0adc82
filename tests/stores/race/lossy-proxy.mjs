import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Stands between a client and a server on loopback, and can lose an answer. */
export class LossyProxy {
  #server;
  #sockets = new Set();
  /** What is to be done when the next answer is lost. @type {(() => unknown) | undefined} */
  #losing;
  /** How many answers have been lost. */
  lost = 0;

  /** @param {number} port */
  static async to(port) {
    const proxy = new LossyProxy(port);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** @param {number} port */
  constructor(port) {
    this.#server = createServer((client) => this.#connect(client, connect(port, '127.0.0.1')));
    this.#server.listen(0, '127.0.0.1');
  }

  /** @returns {number} */
  get port() {
    return /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port;
  }

  /**
   * What the server answers next does not arrive: the connection breaks instead, after what is to be done meanwhile. What it was asked has
   * arrived.
   */
  loseNextAnswer(meanwhile = () => {}) {
    this.#losing = meanwhile;
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /**
   * @param {import('node:net').Socket} client
   * @param {import('node:net').Socket} server
   */
  #connect(client, server) {
    const breakOff = () => (client.destroy(), server.destroy());
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      // What is wrong with one, the other learns by its end.
      socket.on('error', breakOff).on('close', breakOff);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('data', (data) => server.write(data));
    server.on('data', async (data) => {
      const losing = this.#losing;
      if (!losing) return client.write(data);
      this.#losing = undefined;
      this.lost++;
      server.pause();
      await losing();
      breakOff();
    });
  }
}
