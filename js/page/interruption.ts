/** The interruption comes after 0 to 13 ms, unless the machine has too much to do. */
const LONG_ENOUGH_TO_INTERRUPT = 50;
/** What has been saved is on its way to another process when this has passed, in ms. */
const LONG_ENOUGH_TO_SEND = 200;
/** The same for what each further processor of the page has saved. */
const LONG_ENOUGH_TO_SEND_MORE = 20;

let isFirst = true;

/**
 * Firefox, when it closes the last tab of a site, interrupts the script that it finds running a moment later, once, and what it interrupts
 * never goes on (its preference dom.abort_script_on_child_shutdown). Then it ends the process, also if that has not yet sent all that was
 * saved. Other browsers do neither; and Chromium would go in the midst of a wait.
 */
export const isInterrupting = () => 'mozInnerScreenX' in globalThis;

/** That had better be this wait than a save: without it one in ten is lost. To be called before a flush. */
export function lureInterruption(): void {
  if (isFirst) wait(LONG_ENOUGH_TO_INTERRUPT);
}

/** To be called after a flush, in a task of its own: without it one page in five that had saved a hundred records lost them. */
export function waitUntilSent(): void {
  wait(isFirst ? LONG_ENOUGH_TO_SEND : LONG_ENOUGH_TO_SEND_MORE);
  isFirst = false;
}

function wait(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
