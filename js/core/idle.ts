import { LocalProcessor } from './processor.js';
import { callOutside } from './scope.js';

/**
 * One batch that never ends, so that an object of each class stays. V8 forgets the layout of objects of which a
 * collection finds none, and with it the code that it has compiled for them: where all batches end now and then, that
 * doubles what a batch costs.
 */
export function keepIdle(): void {
  LocalProcessor.idle ??= callOutside(() => {
    const processor = new LocalProcessor<unknown, string>({
      minDuration: 0,
      loadResource: () => new Promise(() => {}),
    });
    for (let run = 0; run < 2; run++) processor.run('', () => {}).catch(() => {});
    return processor;
  });
}
