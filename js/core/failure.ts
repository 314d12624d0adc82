/** Something whose engine can fail. */
export interface Failing {
  fail(cause: unknown): void;
}

/** All of them share one WebAssembly instance, and none is kept alive for this. */
const processors = new Set<WeakRef<Failing>>();
const gone = new FinalizationRegistry<WeakRef<Failing>>((processor) => processors.delete(processor));

let failure: { cause: unknown } | undefined;

/** Tells the processor if the engine fails, or has failed. */
export function watch(processor: Failing): void {
  const reference = new WeakRef(processor);
  processors.add(reference);
  gone.register(processor, reference);
  if (failure) processor.fail(failure.cause);
}

/** Enters the engine. What it throws is no error of anybody's operation: its memory cannot grow any further, or it has a defect. */
export function enter(task: () => void): void {
  if (failure) return;
  try {
    task();
  } catch (cause) {
    failure = { cause };
    for (const processor of processors) processor.deref()?.fail(cause);
  }
}
