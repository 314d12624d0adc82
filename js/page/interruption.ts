/** How long the lure lasts, in ms. Where the machine is not overloaded the interruption comes after 0 to 13. */
const LURE = 20;

/**
 * Firefox, when it closes the last tab of a site, interrupts the script that it finds running a moment later, once, and what it interrupts
 * never goes on (its preference dom.abort_script_on_child_shutdown). Other browsers do not; and Chromium would go in the midst of the wait.
 */
export const isInterrupting = () => 'mozInnerScreenX' in globalThis;

/**
 * That had better be this loop than a save: without it one in ten is lost. To be called before each flush: with forty in one go after a
 * single loop, one page in seven lost some.
 */
export function lureInterruption(): void {
  const end = performance.now() + LURE;
  while (performance.now() < end);
}
