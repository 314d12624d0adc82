/** The number that an option says. Ends the process if it is none. */
export function numberOf(option, text) {
  const number = Number(text);
  if (number > 0 && number < Infinity) return number;
  console.error(`${option}: a number above 0 is expected, not ${JSON.stringify(text)}`);
  process.exit(2);
}
