import { SingleBar } from 'cli-progress';
import { whole } from './format.mjs';

/** Shows how far a contest is, on stderr: by a bar that stays as its record, or by a line now and then. */
export function startProgress(label, total, signal) {
  let settled = 0;
  let start = performance.now();
  const note = () => (signal.aborted ? 'stopping' : rate((settled / (performance.now() - start)) * 1000));
  const show = (process.stderr.isTTY ? showBar : showLines)(label, total);

  const timer = setInterval(() => show.update(settled, note()), show.interval);
  return {
    restart() {
      settled = 0;
      start = performance.now();
    },
    onSettled() {
      settled += 1;
    },
    stop(text) {
      clearInterval(timer);
      show.stop(settled, text);
    },
  };
}

function showBar(label, total) {
  const bar = new SingleBar({
    format: `${label}  {bar} {percentage} %  {note}`,
    barsize: 20,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    autopadding: true,
    hideCursor: true,
  });
  bar.start(total, 0, { note: '' });
  // The bar hides the cursor: it must be shown again whatever ends the process.
  const showCursor = () => bar.stop();
  process.once('exit', showCursor);
  return {
    interval: 100,
    update: (settled, note) => bar.update(settled, { note }),
    stop(settled, note) {
      process.off('exit', showCursor);
      bar.update(settled, { note });
      bar.stop();
    },
  };
}

function showLines(label, total) {
  const update = (settled, note) =>
    console.error(`${label}  ${whole((100 * settled) / total).padStart(3)} %  ${note}`);
  return { interval: 10_000, update, stop: update };
}

export const rate = (updatesPerSecond) => `${whole(updatesPerSecond).padStart(8)}/s`;
