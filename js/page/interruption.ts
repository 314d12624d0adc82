/**
 * What Firefox does to a page when it closes the last tab of its site: it interrupts the script that it finds running a moment later, once,
 * and what it interrupts never goes on (its preference dom.abort_script_on_child_shutdown). Then it ends the process, also if that has not
 * yet sent all that was saved. Other browsers do neither.
 */
const isFirefox = () => 'mozInnerScreenX' in globalThis;

/** As a rule the interruption comes after 0 to 13 ms; on a machine with ten times the work it can do, one in fifty after more than 100. */
const LONGEST_LURE = 250;
/** Without it, on such a machine one page in three has not sent all of forty saves. */
const LONG_ENOUGH_TO_SEND = 200;

let isInterrupted = false;

/** That had better be this loop than a save. In a page that goes, but whose process stays, it ends by itself. */
export function lureInterruption(): void {
  if (!isFirefox()) return;
  isInterrupted = true;
  wait(LONGEST_LURE);
  isInterrupted = false;
}

/** To be called in a task of its own, after that: keeps a process that is about to end until all that was saved has been sent. */
export function waitUntilSent(): void {
  if (isInterrupted) wait(LONG_ENOUGH_TO_SEND);
}

function wait(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
