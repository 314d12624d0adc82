import { constants } from 'node:os';

/** An AbortSignal for Ctrl-C or a request to terminate. The reason is the signal's name. */
export function interruption() {
  const controller = new AbortController();
  let first;
  const onSignal = (name) => {
    if (first === undefined) {
      first = performance.now();
      controller.abort(name);
    } else if (performance.now() - first > 1000) {
      // Not sooner: npm passes on the very signal that the terminal has sent already.
      process.once('exit', () => console.error('Left at once. What had not been saved is lost.'));
      process.exit(exitCode(name));
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}

/** As shells have it: 130 after Ctrl-C. */
export const exitCode = (name) => 128 + constants.signals[name];
