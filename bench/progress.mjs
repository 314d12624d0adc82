import { SingleBar } from 'cli-progress';

/**
 * Shows how far the benchmark is, on stderr: by a bar, or by a line for each task where there is no terminal.
 *
 * @param {number} total number of turns
 */
export function startProgress(total) {
  const bar = new SingleBar({
    format: '{bar} {percentage} %  {task}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
  });
  const isTerminal = process.stderr.isTTY;
  if (isTerminal) bar.start(total, 0, { task: '' });
  return {
    /** @param {string} task */
    task(task) {
      if (isTerminal) bar.update({ task });
      else console.error(task);
    },
    turn() {
      if (isTerminal) bar.increment();
    },
    stop() {
      bar.stop();
    },
  };
}
