/** For the check of `optionsOf`. */
export function aboveZero(option, text) {
  const number = Number(text);
  if (!(number > 0 && number < Infinity))
    throw new RangeError(`--${option}: a number above 0 is expected, not ${JSON.stringify(text)}`);
}
